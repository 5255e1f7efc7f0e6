//! Where in the sources each code unit is: `co_linetable`, as CPython 3.11 and later write it
//! (`Objects/locations.md` there).

use rustpython_vm::bytecode::PyCodeLocationInfoKind as Kind;

/// Where one code unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    Nowhere,
    /// Columns count from 0; `None` where they are not known.
    Lines {
        line: i32,
        end_line: i32,
        column: Option<u32>,
        end_column: Option<u32>,
    },
}

/// The most code units that one entry is for.
const LONGEST: usize = 8;

/// Reads a table. Code units that it says nothing of are nowhere.
pub(super) fn read(table: &[u8], first_line: i32, units: usize) -> Vec<Location> {
    let mut reader = Reader { table, at: 0 };
    let (mut locations, mut line) = (Vec::with_capacity(units), first_line);
    while let Some(header) = reader.byte()
        && header & 0x80 != 0
        && let Some(kind) = Kind::from_code(header >> 3 & 0xf)
    {
        let location = reader.location(kind, &mut line);
        locations.extend(std::iter::repeat_n(location, usize::from(header & 7) + 1));
    }
    locations.resize(units, Location::Nowhere);
    locations
}

struct Reader<'a> {
    table: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.table.get(self.at).copied();
        self.at += 1;
        byte
    }

    /// Six bits a byte, the lowest first; 0x40 where there are more.
    fn number(&mut self) -> u32 {
        let (mut number, mut shift) = (0, 0);
        while let Some(byte) = self.byte() {
            number |= u32::from(byte & 0x3f) << shift;
            shift += 6;
            if byte & 0x40 == 0 {
                break;
            }
        }
        number
    }

    fn signed(&mut self) -> i32 {
        let number = self.number();
        let magnitude = (number >> 1).cast_signed();
        if number & 1 == 0 { magnitude } else { -magnitude }
    }

    fn location(&mut self, kind: Kind, line: &mut i32) -> Location {
        let (delta, lines, column, end_column) = match kind {
            Kind::None => return Location::Nowhere,
            Kind::Long => {
                let (delta, lines) = (self.signed(), self.number().cast_signed());
                let (column, end) = (self.number(), self.number());
                (delta, lines, column.checked_sub(1), end.checked_sub(1))
            }
            Kind::NoColumns => (self.signed(), 0, None, None),
            Kind::OneLine0 | Kind::OneLine1 | Kind::OneLine2 => {
                let delta = kind.one_line_delta().unwrap_or_default();
                (delta, 0, self.byte().map(u32::from), self.byte().map(u32::from))
            }
            short => {
                let group = u32::from(short.short_column_group().unwrap_or_default());
                let columns = u32::from(self.byte().unwrap_or_default());
                let column = group << 3 | columns >> 4;
                (0, 0, Some(column), Some(column + (columns & 0xf)))
            }
        };
        *line += delta;
        Location::Lines { line: *line, end_line: *line + lines, column, end_column }
    }
}

/// Writes a table.
pub(super) fn write(locations: &[Location], first_line: i32) -> Box<[u8]> {
    let (mut table, mut line) = (Vec::new(), first_line);
    for same in locations.chunk_by(|a, b| a == b) {
        for units in same.chunks(LONGEST) {
            entry(&mut table, units[0], units.len(), &mut line);
        }
    }
    table.into()
}

fn entry(table: &mut Vec<u8>, location: Location, units: usize, line: &mut i32) {
    let mut begin = |kind: u8| table.push(0x80 | kind << 3 | (units - 1) as u8);
    let Location::Lines { line: new, end_line, column, end_column } = location else {
        return begin(Kind::None as u8);
    };
    let delta = new - *line;
    *line = new;
    let (lines, columns) = (end_line - new, column.zip(end_column));
    match columns {
        Some((column, end)) if (lines, delta) == (0, 0) && fits_short(column, end) => {
            begin(Kind::Short0 as u8 + (column >> 3) as u8);
            table.push(((column & 7) << 4 | (end - column)) as u8);
        }
        Some((column, end)) if lines == 0 && (0..3).contains(&delta) && column.max(end) < 128 => {
            begin(Kind::OneLine0 as u8 + delta as u8);
            table.extend([column as u8, end as u8]);
        }
        None if lines == 0 && column.is_none() && end_column.is_none() => {
            begin(Kind::NoColumns as u8);
            signed(table, delta);
        }
        _ => {
            begin(Kind::Long as u8);
            signed(table, delta);
            number(table, lines.unsigned_abs());
            number(table, column.map_or(0, |column| column + 1));
            number(table, end_column.map_or(0, |column| column + 1));
        }
    }
}

fn fits_short(column: u32, end: u32) -> bool {
    column < 80 && (column..column + 16).contains(&end)
}

fn number(table: &mut Vec<u8>, mut number: u32) {
    while number >= 0x40 {
        table.push(0x40 | (number & 0x3f) as u8);
        number >>= 6;
    }
    table.push(number as u8);
}

fn signed(table: &mut Vec<u8>, value: i32) {
    number(table, value.unsigned_abs() << 1 | u32::from(value < 0));
}
