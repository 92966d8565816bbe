//! One producer, three queues, a consumer for each. Notes: "producer / consumer".

use std::collections::HashMap;

use kolo::{Queue, Result, create_task, gather, run, sleep};

/// Name, direction, procedure.
type Patient = (&'static str, &'static str, &'static str);

/// A `HashMap` has no order of its own: wherever order could be seen it is that of this list.
const DOCTORS: [&str; 3] = ["Терапевт", "Хирург", "ЛОР"];

const PATIENT_INFO: [Patient; 10] = [
    ("Алексей Иванов", "Терапевт", "Прием для общего осмотра"),
    ("Мария Петрова", "Хирург", "Малая операция"),
    ("Ирина Сидорова", "ЛОР", "Осмотр уха"),
    ("Владимир Кузнецов", "Терапевт", "Консультация"),
    ("Елена Васильева", "Хирург", "Хирургическая процедура"),
    ("Дмитрий Николаев", "ЛОР", "Промывание носа"),
    ("Светлана Михайлова", "Терапевт", "Рутинный осмотр"),
    ("Никита Алексеев", "Хирург", "Операция на колене"),
    ("Ольга Сергеева", "ЛОР", "Лечение ангины"),
    ("Анна Жукова", "Терапевт", "Вакцинация"),
];

type Queues = HashMap<&'static str, Queue<Patient>>;

/// Registers the patients and sends each to the queue of the right doctor.
async fn producer(queues: Queues) -> Result<()> {
    for (name, direction, procedure) in PATIENT_INFO {
        queues[direction].put((name, direction, procedure)).await?;
        println!("Регистратор добавил в очередь: {name}, направление: {direction}, процедура: {procedure}");
        sleep(0.1).await?; // registering takes time
    }
    Ok(())
}

/// Sees the patients of one queue.
async fn consumer(queue: Queue<Patient>, doctor_type: &str) -> Result<()> {
    loop {
        let (name, _, procedure) = queue.get().await?;
        println!("{doctor_type} принял пациента: {name}, процедура: {procedure}");
        sleep(0.4).await?; // so does seeing them
        queue.task_done()?;
    }
}

async fn join(queue: Queue<Patient>) -> Result<()> {
    queue.join().await
}

fn main() -> Result<()> {
    run(async {
        let queues = Queues::from(DOCTORS.map(|doctor| (doctor, Queue::new(0))));
        let producer_task = create_task(producer(queues.clone()));
        let consumer_tasks = DOCTORS.map(|doctor| create_task(consumer(queues[doctor].clone(), doctor)));

        producer_task.await?; // until all are registered
        gather(DOCTORS.map(|doctor| join(queues[doctor].clone()))).await?;

        for task in consumer_tasks {
            task.cancel();
        }
        Ok(())
    })
}
