//! A value and an array that several processes see. Notes: "Разделение памяти между процессами".

use kolo::multiprocessing::{Array, Process, Value};
use kolo::{Result, partial, processes};

fn increment_value(shared_int: Value<i32>) -> Result<()> {
    shared_int.set(shared_int.get()? + 1)
}

fn increment_array(shared_array: Array<i32>) -> Result<()> {
    for (index, integer) in shared_array.to_vec()?.into_iter().enumerate() {
        shared_array.set(index, integer + 1)?;
    }
    Ok(())
}

fn main() -> Result<()> {
    processes!(increment_value, increment_array);

    let integer = Value::new(0)?;
    let integer_array = Array::new([0, 0])?;
    let procs = [
        Process::new(partial!(increment_value, integer.clone())),
        Process::new(partial!(increment_array, integer_array.clone())),
    ];
    procs.iter().try_for_each(Process::start)?;
    procs.iter().try_for_each(Process::join)?;
    println!("{}", integer.get()?);
    println!("{:?}", integer_array.to_vec()?);
    Ok(())
}
