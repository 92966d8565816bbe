//! CPython's test_timeouts: a deadline for a part of a task. One test for each case, under the case's name.

mod deadlines;
mod states;
