//! Says what happens in a market: one line each, for people or for programs.

mod banner;
mod lines;
mod paint;

use tokio::{
    sync::{broadcast::error::RecvError, oneshot},
    task::JoinHandle,
};

pub use banner::Banner;
pub use lines::{duration, text};
pub use paint::{Paint, Style};

use crate::engine::{Happening, Market};

/// Writes what happens, until it is ended.
#[derive(Debug)]
pub struct Watching {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watching {
    /// Waits until all is written that has happened so far; nothing is written after that.
    pub async fn end(self) {
        let _ = self.end.send(());
        let _ = self.task.await;
    }
}

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

    /// Writes what happens in `market` from now on.
    pub fn watch(self, market: &Market) -> Watching {
        let mut happenings = market.happenings();
        let clock = market.clock().clone();
        let (end, mut ended) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            loop {
                let happening = tokio::select! {
                    happening = happenings.recv() => happening,
                    _ = &mut ended => break,
                };
                match happening {
                    Ok(happening) => self.write(&happening, clock.now()),
                    Err(RecvError::Lagged(missed)) => self.say(&format!("… {missed} more things happened")),
                    Err(RecvError::Closed) => return,
                }
            }
            while let Ok(happening) = happenings.try_recv() {
                self.write(&happening, clock.now());
            }
        });
        Watching { end, task }
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
