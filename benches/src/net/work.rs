//! What servers are asked to do.

/// What a server does with its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Gives back what it reads, with a buffer of so many bytes.
    Echo { buffer: usize },
    /// Closes them at once.
    Close,
}

impl Service {
    /// As it is said to a server's process.
    pub fn word(self) -> String {
        match self {
            Service::Echo { buffer } => buffer.to_string(),
            Service::Close => "close".to_owned(),
        }
    }

    pub fn of_word(word: &str) -> Result<Service, String> {
        match word {
            "close" => Ok(Service::Close),
            _ => word
                .parse()
                .map(|buffer| Service::Echo { buffer })
                .map_err(|_| format!("{word} is no service: close, or the bytes of an echo's buffer")),
        }
    }
}

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    pub title: &'static str,
    pub service: Service,
    /// How many at once; each asks for the next thing when it has got the last.
    pub connections: usize,
    /// The bytes of a message, of which a request is one. Of `Close` there are none, and a request is a connection.
    pub message: usize,
}

pub const WORKS: [Work; 6] = [
    echo("64 B, 1 connection", 1, 64, 4096),
    echo("64 B, 100", 100, 64, 4096),
    echo("64 B, 1,000", 1_000, 64, 4096),
    echo("64 B, 10,000", 10_000, 64, 4096),
    echo("64 KiB, 8", 8, 64 * 1024, 64 * 1024),
    Work {
        title: "connect, accept, close",
        service: Service::Close,
        connections: 16,
        message: 0,
    },
];

const fn echo(title: &'static str, connections: usize, message: usize, buffer: usize) -> Work {
    Work {
        title,
        service: Service::Echo { buffer },
        connections,
        message,
    }
}
