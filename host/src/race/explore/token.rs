//! A schedule as a line of text, to be pasted into a command.
//!
//! `race1.` and, in base64 (RFC 4648, section 5, without padding): the discipline's name with its
//! length before it, the seed and the sources' fingerprint, the turns as runs, and four bytes to
//! check the rest by. Numbers but these are in LEB128. The version stands outside, so that a token
//! of another version can be told from a damaged one.

use std::fmt;
use togil_interp::race::{ThreadId, Turn};

const PREFIX: &str = "race";
const VERSION: u32 = 1;
/// More turns than this are not a schedule but an attempt to fill the memory.
const MOST_TURNS: usize = 1 << 24;

/// What is needed to run an execution again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where threads can be taken off, by name. At most 255 bytes.
    pub(crate) discipline: String,
    pub(crate) seed: u64,
    /// Tells whether the sources are the same.
    pub(crate) fingerprint: u64,
    pub(crate) turns: Vec<Turn>,
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    NotAToken,
    Version(u32),
    Damaged,
    TooLong,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAToken => {
                write!(f, "this is not a token: one begins with \"{PREFIX}{VERSION}.\"")
            }
            Self::Version(found) => {
                write!(f, "this token is of version {found}, this togil reads {VERSION}")
            }
            Self::Damaged => {
                write!(f, "the token is damaged: copy all of it, without spaces or line breaks")
            }
            Self::TooLong => write!(f, "the token has more than {MOST_TURNS} turns"),
        }
    }
}

impl std::error::Error for TokenError {}

impl Token {
    /// The token as text, without spaces.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = Vec::new();
        put(&mut bytes, self.discipline.len() as u64);
        bytes.extend(self.discipline.as_bytes());
        bytes.extend(self.seed.to_le_bytes());
        bytes.extend(self.fingerprint.to_le_bytes());
        for run in self.turns.chunk_by(|a, b| a == b) {
            put(&mut bytes, u64::from(run[0].thread.0) << 1 | u64::from(run[0].times_out));
            put(&mut bytes, run.len() as u64);
        }
        bytes.extend(check(&bytes).to_le_bytes());
        format!("{PREFIX}{VERSION}.{}", to_base64(&bytes))
    }

    /// Reads what [`encode`](Self::encode) has written.
    ///
    /// # Errors
    /// [`TokenError`], whose text tells the user what is wrong.
    pub(crate) fn decode(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let versioned = text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.'));
        let (version, body) = versioned.ok_or(TokenError::NotAToken)?;
        match version.parse() {
            Ok(VERSION) => {}
            Ok(other) => return Err(TokenError::Version(other)),
            Err(_) => return Err(TokenError::NotAToken),
        }
        let bytes = from_base64(body).ok_or(TokenError::Damaged)?;
        let (bytes, sum) = bytes.split_last_chunk().ok_or(TokenError::Damaged)?;
        if u32::from_le_bytes(*sum) != check(bytes) {
            return Err(TokenError::Damaged);
        }
        Self::read(bytes).ok_or(TokenError::Damaged)?
    }

    /// `None` for bytes that nobody wrote, although their sum is right.
    fn read(mut bytes: &[u8]) -> Option<Result<Self, TokenError>> {
        let bytes = &mut bytes;
        let length = usize::try_from(take(bytes)?).ok()?;
        let discipline = std::str::from_utf8(bytes.split_off(..length)?).ok()?.to_owned();
        let seed = u64::from_le_bytes(bytes.split_off(..8)?.try_into().ok()?);
        let fingerprint = u64::from_le_bytes(bytes.split_off(..8)?.try_into().ok()?);
        let mut turns = Vec::new();
        while !bytes.is_empty() {
            let turn = take(bytes)?;
            let thread = ThreadId(u32::try_from(turn >> 1).ok()?);
            let run = usize::try_from(take(bytes)?).unwrap_or(usize::MAX);
            if run > MOST_TURNS - turns.len() {
                return Some(Err(TokenError::TooLong));
            }
            turns.resize(turns.len() + run, Turn { thread, times_out: turn & 1 == 1 });
        }
        Some(Ok(Self { discipline, seed, fingerprint, turns }))
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// FNV-1a: each byte changes it, and that is all that is needed here.
fn check(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |index| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..=three.len() {
            text.push(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63].into());
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for four in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for (digit, byte) in four.iter().enumerate() {
            bits |= (DIGITS.iter().position(|known| known == byte)? as u32) << (18 - 6 * digit);
        }
        let whole = four.len() - 1;
        // A lone digit is half a byte, and the bits after the last byte are 0.
        if whole == 0 || bits << (8 + 8 * whole) != 0 && whole < 3 {
            return None;
        }
        bytes.extend(&bits.to_be_bytes()[1..=whole]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
