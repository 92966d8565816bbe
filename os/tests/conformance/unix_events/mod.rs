//! `test_unix_events`: what it has on pipes, signals and children.

mod child_watcher_tests_mixin;
mod selector_event_loop_signal_tests;
mod unix_read_pipe_transport_tests;
mod unix_write_pipe_transport_tests;
