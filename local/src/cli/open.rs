//! Opens a market as the command line says.

use std::path::Path;

use tokio::net::TcpListener;

use super::{args::Options, error::CliError, template};
use crate::{
    engine::{Market, MarketOptions},
    functions, seed,
};

/// The market, with the demo store unless the command line doesn't want it.
pub(super) async fn open(options: &Options, data: Option<&Path>) -> Result<Market, CliError> {
    let mut market = MarketOptions::new(template::read(options.template.as_deref())?, functions());
    market.parameters = options.parameters.iter().cloned().collect();
    market.data = data.map(Path::to_owned);
    market.turns = true;
    // An identity provider that runs beside the market, such as Keycloak, can be trusted too.
    market.environment.insert("OUTSIDE_LOOPBACK".to_owned(), "allow".to_owned());
    // Its metrics and log lines come through the market; what a function prints itself would be lost among them.
    let market = Market::open(market).await?;
    if !options.no_seed {
        seed::seed(&market).await?;
    }
    Ok(market)
}

/// A listener on this machine only.
pub(super) async fn listen(port: u16, flag: &'static str) -> Result<TcpListener, CliError> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => CliError::PortInUse { port, flag },
        _ => CliError::Port { port, flag, source },
    })
}
