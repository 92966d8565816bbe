//! The lock of a shared value makes an increment whole. Notes: "Избавление состояния гонки. Мютексы."

use kolo::multiprocessing::{Process, Value};
use kolo::{Result, partial, processes};

fn increment_value(shared_int: Value<i32>) -> Result<()> {
    shared_int.get_lock().acquire()?; // Блокируем переменную
    shared_int.set(shared_int.get()? + 1)?;
    shared_int.get_lock().release() // Отпускаем переменную
}

/// Или можно заменить на контекстный менеджер: отпускает и при ошибке.
fn increment_value_held(shared_int: Value<i32>) -> Result<()> {
    let _held = shared_int.get_lock().hold()?;
    shared_int.set(shared_int.get()? + 1)
}

fn main() -> Result<()> {
    processes!(increment_value, increment_value_held);

    for _ in 0..100 {
        let integer = Value::new(0)?;
        let procs = [
            Process::new(partial!(increment_value, integer.clone())),
            Process::new(partial!(increment_value_held, integer.clone())),
        ];
        procs.iter().try_for_each(Process::start)?;
        procs.iter().try_for_each(Process::join)?;
        println!("{}", integer.get()?);
        assert_eq!(integer.get()?, 2); // Эта ошибка никогда не произойдет
    }
    Ok(())
}
