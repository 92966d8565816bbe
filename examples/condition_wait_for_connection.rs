//! Waiting on a condition until a predicate is true. Notes: "Условия".

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use kolo::{Condition, Result, create_task, run, sleep};

#[derive(Clone, Copy, PartialEq, Default)]
enum ConnectionState {
    #[default]
    WaitInit,
    Initializing,
    Initialized,
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectionState::WaitInit => "ConnectionState.WAIT_INIT",
            ConnectionState::Initializing => "ConnectionState.INITIALIZING",
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
        self.change_state(ConnectionState::Initializing).await?;
        println!("initialize: Инициализация подключения...");
        // The time that it takes to connect.
        sleep(3).await?;
        println!("initialize: Подключение инициализировано");
        self.change_state(ConnectionState::Initialized).await
    }

    async fn execute(self: Rc<Self>, query: &str) -> Result<()> {
        let _held = self.condition.hold().await?;
        println!("execute: Ожидание инициализации подключения.");
        self.condition.wait_for(|| self.is_initialized()).await?;
        println!("execute: Выполняется {query}!!!");
        sleep(3).await
    }

    async fn change_state(&self, state: ConnectionState) -> Result<()> {
        let _held = self.condition.hold().await?;
        println!("change_state: Состояние изменяется с {} на {state}", self.state.get());
        self.state.set(state);
        self.condition.notify_all()
    }

    fn is_initialized(&self) -> bool {
        let state = self.state.get();
        if state != ConnectionState::Initialized {
            println!("_is_initialized: Инициализация подключения не закончена, состояние равно {state}");
            return false;
        }
        println!("_is_initialized: Подключение инициализировано!");
        true
    }
}

fn main() -> Result<()> {
    run(async {
        let connection = Rc::new(Connection::default());
        let query_one = create_task(connection.clone().execute("select * from table"));
        let query_two = create_task(connection.clone().execute("select * from other_table"));
        create_task(connection.initialize());

        query_one.await?;
        query_two.await
    })
}
