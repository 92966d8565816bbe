//! One request made of many, with a timeout for the optional parts. Notes: in prose, on backend-for-frontend.

mod utils;

use kolo::{Result, Task, create_task, gather, run, running_loop, sleep, wait};
use utils::Repr;

type Names = Vec<&'static str>;

async fn inventory(product: &str) -> Result<u32> {
    sleep(0.5).await?;
    Ok(match product {
        "apple" => 3,
        "plum" => 7,
        _ => 0,
    })
}

async fn products() -> Result<Names> {
    sleep(0.2).await?;
    Ok(vec!["apple", "pear", "plum"])
}

async fn favourites(_user: &str) -> Result<Names> {
    sleep(0.3).await?;
    Ok(vec!["plum"])
}

async fn cart(_user: &str) -> Result<Names> {
    sleep(5).await?;
    Ok(vec!["pear"])
}

fn if_done(task: &Task<Names>) -> Option<Names> {
    if task.done() { task.result().ok() } else { None }
}

/// One request of the UI; the service asks the others and puts it together.
async fn page(user: &'static str, timeout: f64) -> Result<String> {
    let wanted = [
        create_task(products()),
        create_task(favourites(user)),
        create_task(cart(user)),
    ];
    let (_, pending) = wait(&wanted).timeout(timeout).await?;
    for task in pending {
        task.cancel();
    }
    let [products, favourites, cart] = &wanted;
    let Some(names) = if_done(products) else {
        return Ok(String::from("{'error': 'no products'}"));
    };
    let stock = gather(names.iter().map(|name| inventory(name))).await?;
    let products: Vec<_> = names.iter().zip(stock).map(|(name, n)| format!("'{name}': {n}")).collect();
    let (favourites, cart) = (if_done(favourites).repr(), if_done(cart).repr());
    let products = products.join(", ");
    Ok(format!(
        "{{'products': {{{products}}}, 'favourites': {favourites}, 'cart': {cart}}}"
    ))
}

fn main() -> Result<()> {
    run(async {
        println!("{} {:?}", page("user", 1.0).await?, running_loop().time());
        println!("{} {:?}", page("user", 0.1).await?, running_loop().time());
        Ok(())
    })
}
