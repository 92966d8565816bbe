//! What the compiler says of each mistake is what stands beside it, word for word.
//!
//! The words are those of the compiler that `.ci/run` uses, the oldest that kolo is built with. When they are to change,
//! `TRYBUILD=overwrite cargo test -p kolo-mistakes` writes down what it says now: read it as one who has made the mistake.

#[test]
fn each_mistake_is_explained() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
