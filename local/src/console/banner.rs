//! What a market says when it opens.

use std::{path::PathBuf, time::Duration};

use super::{Style, lines::duration};
use crate::{engine::Market, seed};

/// Where the market is and what is worth trying.
#[derive(Clone, Debug)]
pub struct Banner {
    /// The API's address.
    pub api: String,
    /// The emulated services' address.
    pub aws: String,
    /// The folder that keeps everything.
    pub data: Option<PathBuf>,
    /// Whether the demo store is there.
    pub seeded: bool,
    /// How long opening took.
    pub opened_in: Duration,
}

impl Banner {
    /// Prints it.
    pub fn print(&self, market: &Market, style: Style) {
        match style {
            Style::Json => println!(
                "{}",
                serde_json::json!({
                    "happening": "opened", "api": self.api, "aws": self.aws, "data": self.data,
                    "opened_in_ms": u64::try_from(self.opened_in.as_millis()).unwrap_or(u64::MAX),
                })
            ),
            Style::Text(_) => println!("{}", self.text(market, style)),
        }
    }

    fn text(&self, market: &Market, style: Style) -> String {
        let paint = style.paint();
        let stack = market.stack();
        let routes = stack.api.as_ref().map_or(0, |api| api.routes.len());
        let row = |name: &str, value: String| format!("  {}{value}", paint.dim(&format!("{name:<11}")));
        let functions: Vec<&str> = stack.functions.values().map(|spec| spec.binary.as_str()).collect();
        let tables: Vec<&str> = stack.tables.values().map(|table| table.name.as_str()).collect();
        let sources: usize = stack
            .functions
            .values()
            .map(|spec| spec.queues.len() + spec.streams.len() + spec.schedules.len())
            .sum();
        let data = match &self.data {
            Some(folder) => format!("in {}", folder.display()),
            None => "in memory; --data DIR keeps it".to_owned(),
        };
        let mut lines = vec![
            String::new(),
            format!(
                "  {} {}",
                paint.bold("The market is open"),
                paint.dim(&format!("({})", duration(self.opened_in).trim()))
            ),
            String::new(),
            row(
                "API",
                format!(
                    "{} {}",
                    paint.cyan(&self.api),
                    paint.dim(&format!("({routes} routes; its reference is at /)"))
                ),
            ),
            row("AWS", format!("{} {}", paint.cyan(&self.aws), paint.dim("(aws --endpoint-url …)"))),
            row("functions", wrap(&functions, 13)),
            row("tables", tables.join(", ")),
            row(
                "queues",
                format!(
                    "{} and {} topics, feeding {sources} event sources",
                    stack.queues.len(),
                    stack.topics.len()
                ),
            ),
            row("data", data),
        ];
        if self.seeded {
            let (publishable, secret) = (seed::PUBLISHABLE_KEY, seed::SECRET_KEY);
            lines.push(row("keys", format!("{} {}", paint.cyan(publishable), paint.dim("for a storefront"))));
            lines
                .push(row("", format!("{} {}", paint.cyan(secret), paint.dim("for the shop's own systems"))));
        }
        lines.extend([String::new(), format!("  {}", paint.dim("Worth trying:"))]);
        lines.extend(self.worth_trying(market).into_iter().map(|command| format!("  {command}")));
        lines.push(String::new());
        lines.join("\n")
    }

    fn worth_trying(&self, market: &Market) -> Vec<String> {
        let table = market.stack().tables.get("StateTable").map_or("souk-state", |table| table.name.as_str());
        vec![
            format!(
                "curl -H 'Authorization: Bearer {}' '{}/v1/products?limit=3'",
                seed::PUBLISHABLE_KEY,
                self.api
            ),
            "cargo run -- demo".to_owned(),
            format!(
                "AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x aws --region {} --endpoint-url {} dynamodb scan --table-name {table}",
                market.stack().place.region,
                self.aws
            ),
        ]
    }
}

/// Names in lines of a readable width, each after the first indented.
fn wrap(names: &[&str], indent: usize) -> String {
    let mut lines = vec![String::new()];
    for name in names {
        if lines.last().is_some_and(|line| line.len() + name.len() > 72) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(name);
        }
    }
    lines.join(&format!(",\n{:indent$}", ""))
}
