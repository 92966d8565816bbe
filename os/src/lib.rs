//! Threads, processes, signals and files, as asyncio has them, to the iteration.
#![forbid(unsafe_code)]
// Elsewhere `kolo` says so, and there is nothing else to say.
#![cfg(unix)]
