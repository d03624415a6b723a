//! `latchkey-server`

fn main() -> anyhow::Result<()> {
    server::install_provider()?;
    server::command::run()
}
