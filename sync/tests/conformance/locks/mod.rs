//! CPython's test_locks: a module for each class of the suite, a test for each case, under the case's name.

mod barrier_tests;
mod condition_tests;
mod event_tests;
mod lock_tests;
mod semaphore_tests;
