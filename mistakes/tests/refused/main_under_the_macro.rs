//! What `#[kolo::main]` refuses.

mod not_async {
    #[kolo::main]
    fn main() -> kolo::Result<()> {
        Ok(())
    }
}

mod arguments {
    #[kolo::main]
    async fn main(arguments: Vec<String>, more: u32) -> kolo::Result<()> {
        Ok(())
    }
}

mod generic {
    #[kolo::main]
    async fn main<T>() -> kolo::Result<()> {
        Ok(())
    }
}

mod options {
    #[kolo::main(flavor = "current_thread")]
    async fn main() -> kolo::Result<()> {
        Ok(())
    }
}

mod wrong_type {
    #[kolo::main]
    async fn main() -> u32 {
        42
    }
}

mod wrong_error {
    #[kolo::main]
    async fn main() -> Result<(), Box<dyn std::error::Error>> {
        Ok(())
    }
}

mod not_a_function {
    #[kolo::main]
    struct Main;
}

mod unusual {
    #[kolo::main]
    pub(super) const fn main() {}
}

#[kolo::main]
async fn main() {
    let number: u32 = "the body is checked as ever";
}
