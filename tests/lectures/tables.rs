//! Every exception to "prints what CPython prints", with its reason.

/// Listings whose golden is Python's own text: what kolo prints instead is in `tests/goldens/kolo`.
pub(crate) const EXEMPT: &[(&str, &str)] = &[
    (
        "coroutine_not_awaited",
        "prints the type of a future, Python the address of a coroutine",
    ),
    ("wait_first_completed", "the repr of tasks is kolo's"),
    ("wait_timeout", "the repr of tasks is kolo's"),
    ("wait_all_completed", "the repr of tasks is kolo's"),
    ("task_get_coro", "poll, errors and drop stand for send, throw and close"),
    ("task_get_loop", "no loop is current unless it runs, and the error says so"),
    ("task_print_stack", "the stack is a place in Rust source"),
    (
        "ensure_future_kinds",
        "a Future is a Promise, and 42 is refused by the compiler",
    ),
    ("event_loops_by_hand", "no loop is current unless it runs"),
    ("get_running_loop", "there is no get_event_loop that makes a loop"),
    ("nested_run", "the message names kolo::run"),
    ("run_coroutine_threadsafe", "the handle has a type of its own"),
    (
        "run_in_executor_arguments",
        "a keyword argument that is none is refused by the compiler",
    ),
    ("sleep_result", "the parameter `loop` is refused by the compiler"),
    (
        "wait_cancels_nothing",
        "a coroutine in place of a task is refused by the compiler",
    ),
    ("names_that_do_not_exist", "other names, and the compiler knows them"),
    ("future_object", "a Future is a Promise in its repr"),
    ("run_debug", "a function in place of a coroutine is refused by the compiler"),
    ("global_lock_two_loops", "the repr of a lock is kolo's"),
    (
        "bounded_semaphore_bound",
        "a bounded semaphore is no subclass of the other, and nobody can ask for a function's parameters",
    ),
    (
        "lock_used_like_threading",
        "in place of the lock, with its await forgotten, there is a future",
    ),
];

/// Listings that take another number of turns than in CPython: how many, and why.
pub(crate) const ITERATIONS: &[(&str, u64, &str)] = &[
    ("task_get_coro", 0, "the coroutines are driven by hand, without a loop"),
    (
        "run_debug",
        24,
        "a run that is refused for its argument makes no loop, because it does not compile",
    ),
    ("scheduler", 25, "the timer that presses Ctrl-C takes a turn of its own"),
];

/// Examples whose output cannot be compared, with the reason.
pub(crate) const NOT_COMPARED: &[(&str, &str)] = &[];

/// Listings that print ports, which are others each time: their goldens say PORT.
pub(crate) const PRINTS_PORTS: &[&str] = &["socket_echo_server"];
