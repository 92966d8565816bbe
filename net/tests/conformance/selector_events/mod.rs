//! `test_selector_events`: raw sockets, and the transport of datagrams.

mod base_selector_event_loop_tests;
mod selector_datagram_transport_tests;
mod selector_socket_transport_tests;
mod selector_transport_tests;
