//! Waiting for a state that changes outside of the lock. Notes: "`asyncio.Condition`".

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use kolo::{Condition, Result, create_task, gather, run, sleep};

#[derive(Clone, Copy, PartialEq, Default)]
enum ConnectionState {
    #[default]
    WaitInit,
    Initialing,
    Initialized,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectionState::WaitInit => "ConnectionState.WAIT_INIT",
            ConnectionState::Initialing => "ConnectionState.INITIALING",
            ConnectionState::Initialized => "ConnectionState.INITIALIZED",
        })
    }
}

#[derive(Default)]
struct Connection {
    state: Cell<ConnectionState>,
    condition: Condition,
}

impl Connection {
    async fn initialize(self: Rc<Self>) -> Result<()> {
        println!("initialize: Preparing initialize the connection.");
        self.change_state(ConnectionState::Initialing).await?;
        sleep(5).await?;
        println!("initialize: Connection initialized");
        self.change_state(ConnectionState::Initialized).await
    }

    async fn execute(self: Rc<Self>, query: &str) -> Result<()> {
        let _held = self.condition.hold().await?;
        println!("execute: Waiting for connection initialized");
        self.condition.wait_for(|| self.is_initialized()).await?;
        println!("execute: Connection initialized, executing query: {query}");
        sleep(5).await?;
        println!("execute: Execute finished.");
        Ok(())
    }

    async fn change_state(&self, state: ConnectionState) -> Result<()> {
        println!("_change_state: Will change state from {} to {state}", self.state.get());
        self.state.set(state);
        println!("_change_state: Change the state and notify all..");
        let _held = self.condition.hold().await?;
        self.condition.notify_all()
    }

    fn is_initialized(&self) -> bool {
        if self.state.get() != ConnectionState::Initialized {
            println!("_is_initialized: The connection is not initialized.");
            return false;
        }
        println!("_is_initialized: The connection is ready.");
        true
    }
}

fn main() -> Result<()> {
    run(async {
        let connection = Rc::new(Connection::default());
        let task_one = create_task(connection.clone().execute("SELECT * FROM table"));
        let task_two = create_task(connection.clone().execute("SELECT * FROM other_table"));

        create_task(connection.initialize());
        gather!(task_one, task_two).await?;
        Ok(())
    })
}
