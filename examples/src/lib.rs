//! Programs that embed togil, each a file beside this folder; `cargo run --release
//! --ignore-rust-version -p togil-examples --example ten_lines` runs one.
