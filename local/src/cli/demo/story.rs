//! Tells a purchase as it happens: each call, and everything that it set in motion.

use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use super::client::{Actor, Answer, Client};
use crate::{
    bill::{Prices, Usage},
    cli::error::CliError,
    console::{Paint, duration, text},
    engine::{Happening, Market},
};

/// How long the last message of a step may take to be heard, once everything is settled.
const ECHO: Duration = Duration::from_millis(20);

pub(super) struct Story {
    pub market: Market,
    pub paint: Paint,
    client: Client,
    happenings: Receiver<Happening>,
    usage: Usage,
}

impl Story {
    pub(super) fn new(market: Market, client: Client, paint: Paint) -> Self {
        let happenings = market.happenings();
        Self { market, paint, client, happenings, usage: Usage::default() }
    }

    /// A chapter begins.
    pub(super) fn chapter(&self, title: &str) {
        println!("\n{}", self.paint.bold(title));
    }

    /// Makes a call and tells what came of it; what it set in motion is told by [`Self::aftermath`].
    pub(super) async fn call(
        &mut self,
        actor: Actor,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, CliError> {
        let Answer { status, body: answer, took } =
            self.client.call(actor, method.clone(), path, body.as_ref()).await?;
        let sent = body.map(|body| format!(" {}", shorten(&body.to_string()))).unwrap_or_default();
        println!(
            "  {} {method} {path}{}  {}  {}",
            self.paint.cyan(&format!("{:<7}", actor.name)),
            self.paint.dim(&sent),
            self.paint.green(&status.to_string()),
            self.paint.dim(duration(took).trim()),
        );
        Ok(answer)
    }

    /// Says something about an answer.
    pub(super) fn note(&self, text: &str) {
        println!("          {text}");
    }

    /// Waits until everything has come to rest, and tells what happened meanwhile.
    pub(super) async fn aftermath(&mut self) {
        self.market.quiet().await;
        tokio::time::sleep(ECHO).await;
        for happening in self.drain() {
            // Requests were told by the calls themselves.
            let told = !matches!(happening, Happening::Request(_));
            if let Some(line) = text(&happening, self.market.clock().now(), self.paint).filter(|_| told) {
                // The story has its own order; the time of day says nothing in it.
                let line = line.split_once("  ").map_or(line.clone(), |(_, rest)| rest.to_owned());
                println!("    {line}");
            }
        }
    }

    /// Counts what happened so far, telling nothing of it.
    pub(super) fn skip(&mut self) {
        self.drain();
    }

    /// What all of it cost, and what a million of it would.
    pub(super) fn bill(&mut self) -> Result<String, CliError> {
        self.drain();
        let prices = Prices::listed().map_err(|error| CliError::Demo(error.to_string()))?;
        let bill = prices.bill(&self.usage, 1_000_000).map_err(|error| CliError::Demo(error.to_string()))?;
        let about = format!(
            "  Prices of {} as listed on {} ({}). Functions worked as long as this machine took.",
            prices.region, prices.date, prices.tier
        );
        Ok(format!("{}\n{}", bill.table(self.paint), self.paint.dim(&about)))
    }

    fn drain(&mut self) -> Vec<Happening> {
        let mut drained = Vec::new();
        loop {
            match self.happenings.try_recv() {
                Ok(happening) => {
                    self.usage.add(&happening);
                    if !matches!(happening, Happening::Call(_)) {
                        drained.push(happening);
                    }
                }
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return drained,
            }
        }
    }
}

/// Text that leaves room for the rest of its line.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
