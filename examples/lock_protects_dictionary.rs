//! A lock held while the messages are sent keeps the dictionary as it is. Notes: "Блокировки".

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kolo::{Error, Lock, Result, gather, run, sleep};

#[derive(Default)]
struct MockSocket {
    socket_closed: Cell<bool>,
}

impl MockSocket {
    async fn send(self: Rc<Self>, msg: String) -> Result<()> {
        if self.socket_closed.get() {
            return Err(Error::other("Сокет закрыт"));
        }

        println!("Отправляется: {msg}");
        sleep(1).await?;
        println!("Отправлено: {msg}");
        Ok(())
    }

    fn close(&self) {
        self.socket_closed.set(true);
    }
}

thread_local! {
    static USER_NAME_TO_SOCKETS: RefCell<Vec<(&'static str, Rc<MockSocket>)>> =
        RefCell::new(["John", "Terry", "Graham", "Eric"].map(|user| (user, Rc::default())).into());
}

async fn user_disconnect(username: &'static str, user_lock: Lock) -> Result<()> {
    println!("{username} отключен");
    let _held = user_lock.hold().await?;
    println!("{username} удаляется из словаря!");
    USER_NAME_TO_SOCKETS.with_borrow_mut(|sockets| {
        for (_, socket) in sockets.extract_if(.., |(user, _)| *user == username) {
            socket.close();
        }
    });
    Ok(())
}

async fn message_all_users(user_lock: Lock) -> Result<()> {
    println!("Создаются задачи отправки сообщений");
    let _held = user_lock.hold().await?;
    let messages: Vec<_> = USER_NAME_TO_SOCKETS.with_borrow(|sockets| {
        let send = |(user, socket): &(&str, Rc<MockSocket>)| Rc::clone(socket).send(format!("Привет, {user}"));
        sockets.iter().map(send).collect()
    });
    gather(messages).await?;
    Ok(())
}

fn main() -> Result<()> {
    run(async {
        let user_lock = Lock::new();
        gather!(message_all_users(user_lock.clone()), user_disconnect("Eric", user_lock)).await?;
        Ok(())
    })
}
