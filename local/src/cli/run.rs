//! The default command: the market, until Ctrl-C.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{
    args::{LogFormat, Options},
    error::CliError,
    open,
};
use crate::console::{Banner, Console, Style};

/// How long requests and functions under way may take once the market shall stop.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    let began = Instant::now();
    // Ports first: who finds them taken should not wait for a market to open.
    let api = open::listen(options.port, "--port").await?;
    let aws = open::listen(options.aws_port, "--aws-port").await?;
    let (api_address, aws_address) = (api.local_addr()?, aws.local_addr()?);
    let market = open::open(options, options.data.as_deref()).await?;
    let style = match options.log_format {
        LogFormat::Text => Style::for_terminal(),
        LogFormat::Json => Style::Json,
    };
    if let Err(error) = market.hear_topics() {
        tracing::warn!(%error, "what is published can't be heard");
    }
    let console = Console::new(style);
    let watching = console.watch(&market);
    Banner {
        api: format!("http://localhost:{}", api_address.port()),
        aws: format!("http://localhost:{}", aws_address.port()),
        data: options.data.clone(),
        seeded: !options.no_seed,
        opened_in: began.elapsed(),
    }
    .print(&market, style);

    let (stop, stopped) = watch::channel(false);
    let until = |mut stopped: watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let cloud = Arc::clone(market.cloud());
    let services = tokio::spawn(cloud.serve(aws, until(stopped.clone())));
    let serving = {
        let (market, until) = (market.clone(), until(stopped));
        tokio::spawn(async move { market.serve(api, until).await })
    };
    signal().await?;
    console.say("stopping: no new requests; what runs may end (Ctrl-C again to stop at once)");
    stop.send_replace(true);
    let end = async {
        let _ = serving.await;
        market.close().await;
        let _ = services.await;
    };
    tokio::select! {
        () = end => {}
        _ = signal() => {}
        () = tokio::time::sleep(PATIENCE) => {}
    }
    watching.end().await;
    console.say("closed");
    Ok(())
}

/// Ends when the process is asked to stop.
async fn signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
