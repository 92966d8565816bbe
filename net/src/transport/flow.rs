//! `Flow`: when a protocol is paused that writes more than can be sent, and when it goes on.

use std::cell::Cell;

use crate::transport::marks::Marks;

/// The water marks of a transport, and on which side of them its protocol is. A [`Channel`](crate::transports::Channel) that writes has one.
#[derive(Default)]
pub struct Flow {
    marks: Cell<Marks>,
    is_paused: Cell<bool>,
}

impl Flow {
    /// The marks.
    pub fn marks(&self) -> Marks {
        self.marks.get()
    }

    /// Other marks. Look with [`pauses`](Flow::pauses) then.
    pub fn set_marks(&self, marks: Marks) {
        self.marks.set(marks);
    }

    /// Whether the protocol is to be paused now, with so many bytes buffered. It says so once.
    pub fn pauses(&self, buffered: usize) -> bool {
        buffered > self.marks.get().high && !self.is_paused.replace(true)
    }

    /// Whether it is to go on now. It says so once.
    pub fn resumes(&self, buffered: usize) -> bool {
        buffered <= self.marks.get().low && self.is_paused.replace(false)
    }
}
