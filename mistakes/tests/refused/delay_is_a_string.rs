//! `sleep("1s")`: a delay is a number of seconds.

fn main() -> kolo::Result<()> {
    kolo::run(async { kolo::sleep("1s").await })
}
