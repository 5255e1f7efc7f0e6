//! Ten lines: run a script, get a value.

use togil::Host;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::new()?;
    let primes: Vec<u32> =
        host.eval("[n for n in range(2, 30) if all(n % d for d in range(2, n))]")?;
    println!("{primes:?}");
    Ok(())
}
