//! A handler of SIGINT, which cancels all tasks when Ctrl-C is pressed. Notes: "Перехват сигнала `signal.SIGINT`" (Catching the signal SIGINT).

mod utils;

use kolo::{Result, add_signal_handler, all_tasks, run, running_loop};
use utils::{delay, press_ctrl_c_at};

const SIGINT: i32 = 2;

fn cancel_tasks() {
    println!("Получен сигнал SIGINT");
    for task in all_tasks() {
        task.cancel();
    }
}

fn main() -> Result<()> {
    run(async {
        add_signal_handler(SIGINT, cancel_tasks)?;
        press_ctrl_c_at(3.0, &running_loop());
        delay(10).await?;
        Ok(())
    })
}
