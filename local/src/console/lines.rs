//! One line for each happening.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Paint;
use crate::engine::{Cause, Happening};

/// A line for people; nothing for what they see better elsewhere.
///
/// Time, kind, name and outcome stand in columns, so that the eye can run down them.
pub fn text(happening: &Happening, at: Timestamp, paint: Paint) -> Option<String> {
    let time = paint.dim(&at.strftime("%H:%M:%S%.3f").to_string());
    let line = |kind: &str, rest: String| Some(format!("{time}  {kind}  {rest}"));
    match happening {
        Happening::Request(request) => {
            let status = request.status.to_string();
            let status = match request.status {
                0..400 => paint.green(&status),
                400..500 => paint.yellow(&status),
                _ => paint.red(&status),
            };
            let what = format!("{:<6} {}", request.method, request.path);
            line(
                &paint.bold(&pad("request", 8)),
                format!("{}  {status}  {}", pad(&what, 52), paint.dim(&duration(request.duration))),
            )
        }
        // Asked before every request: worth a line only where it goes wrong.
        Happening::Run(run) if run.cause == Cause::Authorization && run.failure.is_none() => None,
        Happening::Run(run) => {
            let (name, cause) = (pad(&run.binary, 18), pad(&cause(&run.cause), 32));
            let outcome = match &run.failure {
                None => paint.green("ok "),
                Some(failure) => paint.red(&format!("failed: {failure}")),
            };
            line(
                &paint.cyan(&pad("run", 8)),
                format!("{} {}  {outcome}  {}", name, paint.dim(&cause), paint.dim(&duration(run.duration))),
            )
        }
        Happening::Published { kind, message, .. } => {
            let (kind, subject) = event(kind.as_deref(), message);
            line(&paint.magenta(&pad("event", 8)), format!("{} {}", pad(&kind, 30), paint.dim(&subject)))
        }
        Happening::Delivered { queue, messages, failed, .. } if *failed > 0 => line(
            &paint.yellow(&pad("retry", 8)),
            format!("{failed} of {messages} from {queue} failed and come again"),
        ),
        Happening::DeadLettered { dead_letters, waiting, .. } => {
            line(&paint.red(&pad("dead", 8)), format!("{dead_letters} now holds {waiting}"))
        }
        Happening::GaveUp { function, records, kept, .. } => {
            let kept = kept.as_deref().unwrap_or("nowhere");
            line(&paint.red(&pad("gave up", 8)), format!("{function} on {records} records, kept in {kept}"))
        }
        Happening::Mail { subject, recipients } => {
            let many = if *recipients == 1 { String::new() } else { format!(" to {recipients}") };
            line(&paint.magenta(&pad("mail", 8)), format!("“{subject}”{many}"))
        }
        Happening::Webhook(webhook) => {
            let outcome = match webhook.status {
                200..300 => paint.green(&webhook.status.to_string()),
                status => paint.yellow(&format!("{status}, and sends it again")),
            };
            line(
                &paint.magenta(&pad("webhook", 8)),
                format!("{} tells of {}  {outcome}", webhook.provider, webhook.payment),
            )
        }
        Happening::Trespass(trespass) => line(
            &paint.red(&pad("trespass", 8)),
            format!(
                "{} may touch {} only, and named {:?} in {}",
                trespass.function, trespass.allowed, trespass.key, trespass.table
            ),
        ),
        Happening::Call(_) | Happening::Delivered { .. } | Happening::Metric(_) => None,
    }
}

/// A JSON object for programs; what has a line in the log already has none here.
pub(super) fn json(happening: &Happening, at: Timestamp) -> Option<String> {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut line: Value = match happening {
        Happening::Request(request) => match &request.access_log {
            Some(line) => return Some(line.clone()),
            None => json!({
                "happening": "request", "request_id": request.request_id, "method": request.method,
                "path": request.path, "route": request.route, "status": request.status, "bytes": request.bytes,
                "duration_ms": millis(request.duration),
            }),
        },
        Happening::Run(run) => json!({
            "happening": "run", "function": run.binary, "request_id": run.request_id, "cause": cause(&run.cause),
            "duration_ms": millis(run.duration), "failure": run.failure,
        }),
        Happening::Published { topic, kind, message } => {
            let (_, subject) = event(kind.as_deref(), message);
            json!({ "happening": "event", "topic": topic, "type": kind, "subject": subject })
        }
        Happening::Delivered { queue, function, messages, failed, .. } => json!({
            "happening": "delivered", "queue": queue, "function": function, "messages": messages, "failed": failed,
        }),
        Happening::DeadLettered { queue, dead_letters, waiting } => json!({
            "happening": "dead_lettered", "queue": queue, "dead_letters": dead_letters, "waiting": waiting,
        }),
        Happening::GaveUp { function, table, records, kept } => json!({
            "happening": "gave_up", "function": function, "table": table, "records": records, "kept": kept,
        }),
        Happening::Mail { subject, recipients } => {
            json!({ "happening": "mail", "subject": subject, "recipients": recipients })
        }
        Happening::Webhook(webhook) => json!({
            "happening": "webhook", "provider": webhook.provider, "store": webhook.store,
            "payment": webhook.payment, "attempt": webhook.attempt, "status": webhook.status,
        }),
        Happening::Trespass(trespass) => json!({
            "happening": "trespass", "function": trespass.function, "operation": trespass.operation,
            "table": trespass.table, "key": trespass.key, "allowed": trespass.allowed,
        }),
        Happening::Metric(line) => return Some(line.clone()),
        Happening::Call(_) => return None,
    };
    if let Some(map) = line.as_object_mut() {
        map.insert("timestamp".to_owned(), json!(at.to_string()));
    }
    Some(line.to_string())
}

/// An event's type and what it is about.
fn event(kind: Option<&str>, message: &str) -> (String, String) {
    let event: Value = serde_json::from_str(message).unwrap_or_default();
    let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = kind.map(str::to_owned).or_else(|| text("type")).unwrap_or_else(|| "?".to_owned());
    (kind, text("subject").unwrap_or_default())
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Request(route) => route.clone(),
        Cause::Authorization => "who is it?".to_owned(),
        Cause::Queue(name) => format!("queue {name}"),
        Cause::Stream(table) => format!("stream {table}"),
        Cause::Schedule(name) => format!("schedule {name}"),
        Cause::Direct => "invoked".to_owned(),
    }
}

/// A duration in the unit that reads best, always eight columns wide.
pub fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..10_000 => format!("{:>3}.{} ms", micros / 1000, micros % 1000 / 100),
        10_000..10_000_000 => format!("{:>5} ms", micros / 1000),
        _ => format!("{:>6} s", micros / 1_000_000),
    }
}

/// The text in a column; longer text pushes the rest aside rather than losing its end.
fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{RequestRecord, RunRecord};

    fn line(happening: &Happening) -> String {
        text(happening, Timestamp::UNIX_EPOCH, Paint::plain()).unwrap_or_default()
    }

    #[test]
    fn lines_stand_in_columns() {
        let request = Happening::Request(RequestRecord {
            request_id: "id".to_owned(),
            method: "GET".to_owned(),
            path: "/v1/products".to_owned(),
            route: None,
            function: None,
            status: 200,
            bytes: 2,
            duration: Duration::from_micros(4_260),
            access_log: None,
        });
        let run = Happening::Run(RunRecord {
            function: "F".to_owned(),
            binary: "advance-orders".to_owned(),
            request_id: "id".to_owned(),
            cause: Cause::Queue("souk-advance-orders".to_owned()),
            duration: Duration::from_millis(31),
            busy: Duration::from_millis(2),
            memory: 256,
            failure: None,
        });
        let event = Happening::Published {
            topic: "souk-events".to_owned(),
            kind: Some("order.placed".to_owned()),
            message: r#"{"subject":"ord_1"}"#.to_owned(),
        };
        assert_eq!(
            [line(&request), line(&run), line(&event)].join("\n"),
            "00:00:00.000  request   GET    /v1/products                                   200    4.2 ms\n\
             00:00:00.000  run       advance-orders     queue souk-advance-orders         ok      31 ms\n\
             00:00:00.000  event     order.placed                   ord_1"
        );
    }

    #[test]
    fn durations_keep_their_width() {
        for (micros, expected) in
            [(90, "  0.0 ms"), (9_999, "  9.9 ms"), (31_000, "   31 ms"), (12_000_000, "    12 s")]
        {
            assert_eq!(duration(Duration::from_micros(micros)), expected);
        }
    }
}
