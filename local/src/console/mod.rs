//! Says what happens in a market: one line each, for people or for programs.

mod banner;
mod lines;
mod paint;

use tokio::{sync::broadcast::error::RecvError, task::JoinHandle};

pub use banner::Banner;
pub use lines::{duration, text};
pub use paint::{Paint, Style};

use crate::engine::{Happening, Market};

/// Writes happenings to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    style: Style,
}

impl Console {
    /// A console of this style.
    pub fn new(style: Style) -> Self {
        Self { style }
    }

    /// Writes what happens in `market` from now on, until the task is aborted.
    pub fn watch(self, market: &Market) -> JoinHandle<()> {
        let mut happenings = market.happenings();
        let clock = market.clock().clone();
        tokio::spawn(async move {
            loop {
                match happenings.recv().await {
                    Ok(happening) => self.write(&happening, clock.now()),
                    Err(RecvError::Lagged(missed)) => self.say(&format!("… {missed} more things happened")),
                    Err(RecvError::Closed) => return,
                }
            }
        })
    }

    /// Writes one happening.
    pub fn write(self, happening: &Happening, at: jiff::Timestamp) {
        let line = match self.style {
            Style::Json => lines::json(happening, at),
            Style::Text(paint) => lines::text(happening, at, paint),
        };
        if let Some(line) = line {
            println!("{line}");
        }
    }

    /// Says something of its own.
    pub fn say(self, message: &str) {
        match self.style {
            Style::Json => println!("{}", serde_json::json!({ "happening": "console", "message": message })),
            Style::Text(paint) => println!("{}", paint.dim(message)),
        }
    }
}
