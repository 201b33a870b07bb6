//! Nothing can be taken out of the template unnoticed: each permission, route, subscription and queue setting is
//! removed in turn, and a test fails and names it.
//!
//! The permissions are found in the template, so one that is added is tried as well. Trying them all takes about a
//! minute; `SOUK_MUTATIONS=12` tries a sample of twelve, `SOUK_SEED` says which.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use serde_yaml_ng::Value as Yaml;
use souk_cloud::iam::{Ask, Decision, Policy};
use souk_local::template::{TemplateOptions, load};
use souk_tests::template;

use crate::{checks, permissions::everything_asked};

/// The template without one thing.
struct Mutation {
    /// What is missing.
    without: String,
    template: String,
    /// What whoever finds it missing has to name.
    named: Vec<String>,
}

/// A template that things are taken out of.
struct Source(Yaml);

impl Source {
    fn read() -> Self {
        Self(serde_yaml_ng::from_str(&template()).unwrap())
    }

    /// The resources of a type, by logical id.
    fn resources(&self, kind: &str) -> Vec<(&str, &Yaml)> {
        let all = self.0["Resources"].as_mapping().unwrap().iter();
        all.filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str().unwrap(), resource))
            .collect()
    }

    /// The template without what lies at `path`, whose parts are keys and, in lists, indexes.
    fn without(&self, path: &str, named: &[&str]) -> Mutation {
        let mut changed = self.0.clone();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let parent = parent.split('/').fold(&mut changed, |at, step| match at {
            Yaml::Sequence(items) => &mut items[step.parse::<usize>().unwrap()],
            at => &mut at[step],
        });
        match parent {
            Yaml::Sequence(items) => drop(items.remove(last.parse().unwrap())),
            Yaml::Mapping(entries) => assert!(entries.remove(last).is_some(), "there is no {path}"),
            _ => panic!("{path} leads nowhere"),
        }
        let named = named.iter().map(|name| (*name).to_owned()).collect();
        Mutation {
            without: path.replace('/', "."),
            template: serde_yaml_ng::to_string(&changed).unwrap(),
            named,
        }
    }

    /// One mutation per event of a type.
    fn events<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, String, &'a Yaml)> {
        self.resources("AWS::Serverless::Function").into_iter().flat_map(move |(id, function)| {
            let events = function["Properties"]["Events"].as_mapping().into_iter().flatten();
            events.filter(move |(_, event)| event["Type"] == kind).map(move |(name, event)| {
                (
                    id,
                    format!("Resources/{id}/Properties/Events/{}", name.as_str().unwrap()),
                    &event["Properties"],
                )
            })
        })
    }
}

/// Everything that is wrong with each template: the loader's refusal, or what the checks find.
fn each_is_named(mutations: &[Mutation]) {
    let unnoticed: Vec<_> = mutations.iter().filter_map(unnoticed).collect();
    assert!(unnoticed.is_empty(), "{} of {}:\n{}", unnoticed.len(), mutations.len(), unnoticed.join("\n"));
    for mutation in mutations {
        println!("without {}", mutation.without);
    }
}

fn unnoticed(mutation: &Mutation) -> Option<String> {
    let found = load(&mutation.template, &TemplateOptions::default()).map_err(|error| error.to_string());
    let found = found.and_then(|stack| checks::all(&stack));
    judge(mutation, &found.err().unwrap_or_default())
}

/// What is wrong with how the loss was noticed.
fn judge(mutation: &Mutation, found: &str) -> Option<String> {
    let what = &mutation.without;
    if found.is_empty() {
        return Some(format!("without {what}: nobody notices"));
    }
    let missing: Vec<_> = mutation.named.iter().filter(|name| !found.contains(name.as_str())).collect();
    (!missing.is_empty())
        .then(|| format!("without {what}: noticed, but {missing:?} isn't named in\n    {found}"))
}

#[test]
fn a_template_survives_being_taken_apart() {
    let rebuilt = serde_yaml_ng::to_string(&Source::read().0).unwrap();
    let stack = |text: &str| format!("{:?}", load(text, &TemplateOptions::default()).unwrap());
    assert_eq!(stack(&rebuilt), stack(&template()), "else the mutations would prove nothing");
}

#[test]
fn every_route_is_missed() {
    let source = Source::read();
    let mut mutations = Vec::new();
    for (_, event, route) in source.events("HttpApi") {
        let key = format!("{} {}", route["Method"].as_str().unwrap(), route["Path"].as_str().unwrap());
        mutations.push(source.without(&event, &[&key]));
        if route.get("Auth").is_some() {
            mutations.push(source.without(&format!("{event}/Properties/Auth"), &[&key]));
        }
    }
    assert!(mutations.len() > 25, "only {}", mutations.len());
    let auth = "Resources/Api/Properties/Auth";
    mutations.push(source.without(&format!("{auth}/DefaultAuthorizer"), &["/v1/products", "authorizer"]));
    let permission = format!("{auth}/Authorizers/Key/EnableFunctionDefaultPermissions");
    mutations.push(source.without(&permission, &["EnableFunctionDefaultPermissions"]));
    each_is_named(&mutations);
}

#[test]
fn every_subscription_is_missed() {
    let source = Source::read();
    let mut mutations = Vec::new();
    for (id, subscription) in source.resources("AWS::SNS::Subscription") {
        let queue = resource_of(&subscription["Properties"]["Endpoint"]);
        mutations.push(source.without(&format!("Resources/{id}"), &[&queue, "subscription"]));
        for setting in ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope"] {
            mutations.push(source.without(&format!("Resources/{id}/Properties/{setting}"), &[id, setting]));
        }
    }
    assert_eq!(mutations.len(), 12);
    for (id, policy) in source.resources("AWS::SQS::QueuePolicy") {
        let queue = resource_of(&policy["Properties"]["Queues"][0]);
        mutations.push(source.without(&format!("Resources/{id}"), &[&queue, "QueuePolicy"]));
        let statement = format!("Resources/{id}/Properties/PolicyDocument/Statement/0");
        mutations.push(source.without(&statement, &[&queue, "QueuePolicy"]));
        mutations.push(source.without(&format!("{statement}/Condition"), &[&queue, "Condition"]));
    }
    each_is_named(&mutations);
}

#[test]
fn every_setting_of_a_queue_is_missed() {
    let source = Source::read();
    let mut mutations = Vec::new();
    for (id, queue) in source.resources("AWS::SQS::Queue") {
        mutations.push(source.without(&format!("Resources/{id}"), &[id]));
        let properties = queue["Properties"].as_mapping().unwrap().keys().map(|key| key.as_str().unwrap());
        // A queue without a name gets one.
        for setting in properties.filter(|setting| *setting != "QueueName") {
            mutations.push(source.without(&format!("Resources/{id}/Properties/{setting}"), &[id, setting]));
        }
        if queue["Properties"].get("RedrivePolicy").is_some() {
            let limit = format!("Resources/{id}/Properties/RedrivePolicy/maxReceiveCount");
            mutations.push(source.without(&limit, &[id, "maxReceiveCount"]));
        }
    }
    for (function, event, _) in source.events("SQS") {
        mutations.push(source.without(&event, &[function, "queue"]));
        let partial = format!("{event}/Properties/FunctionResponseTypes");
        mutations.push(source.without(&partial, &[function, "ReportBatchItemFailures"]));
    }
    assert!(mutations.len() > 30, "only {}", mutations.len());
    each_is_named(&mutations);
}

#[test]
fn every_setting_of_a_stream_and_a_schedule_is_missed() {
    let source = Source::read();
    let mut mutations = Vec::new();
    for (function, event, stream) in source.events("DynamoDB") {
        let table = resource_of(&stream["Stream"]);
        mutations.push(source.without(&event, &[&table]));
        let settings = stream.as_mapping().unwrap().keys().map(|key| key.as_str().unwrap());
        // How much is taken at once is a matter of speed.
        let speed = ["BatchSize", "ParallelizationFactor", "MaximumBatchingWindowInSeconds"];
        for setting in settings.filter(|setting| !speed.contains(setting)) {
            let named = if setting == "FunctionResponseTypes" { "ReportBatchItemFailures" } else { setting };
            mutations.push(source.without(&format!("{event}/Properties/{setting}"), &[function, named]));
        }
        let granted = format!("{event}/Properties/DestinationConfig/OnFailure/Type");
        mutations.push(source.without(&granted, &[function, "OnFailure"]));
    }
    for (function, event, _) in source.events("ScheduleV2") {
        mutations.push(source.without(&event, &[function, "schedule"]));
    }
    assert!(mutations.len() > 15, "only {}", mutations.len());
    each_is_named(&mutations);
}

/// What the story of `permissions` asked for is asked again without each permission: somebody has to be denied it.
#[tokio::test(start_paused = true)]
async fn every_permission_is_missed() {
    let source = Source::read();
    let functions = source.resources("AWS::Serverless::Function");
    let mutations: Vec<_> =
        functions.into_iter().flat_map(|(id, function)| permissions(&source, id, function)).collect();
    assert!(mutations.len() > 100, "only {}", mutations.len());
    let asked = everything_asked().await;
    assert_eq!(denials(&template(), &asked), "", "else the mutations would prove nothing");
    let unnoticed: Vec<_> = mutations
        .iter()
        .filter_map(|mutation| judge(mutation, &denials(&mutation.template, &asked)))
        .collect();
    assert!(unnoticed.is_empty(), "{} of {}:\n{}", unnoticed.len(), mutations.len(), unnoticed.join("\n"));
}

/// What is denied of what was `asked`, each with who asked it, where `template` says who may do what.
fn denials(template: &str, asked: &[(String, Ask)]) -> String {
    let stack = match load(template, &TemplateOptions::default()) {
        Ok(stack) => stack,
        Err(error) => return error.to_string(),
    };
    let policies: BTreeMap<_, _> = stack
        .functions
        .values()
        .map(|spec| {
            let document = json!({"Version": "2012-10-17", "Statement": spec.statements});
            (spec.binary.as_str(), Policy::parse(&document).unwrap())
        })
        .collect();
    let denied = asked.iter().filter(|(caller, ask)| {
        policies
            .get(caller.as_str())
            .is_none_or(|policy| matches!(policy.decide(ask), Decision::Denied { .. }))
    });
    let told: BTreeSet<_> =
        denied.map(|(caller, ask)| format!("{caller} may not {} on {}", ask.action, ask.resource)).collect();
    told.into_iter().collect::<Vec<_>>().join("; ")
}

/// Each action of a function's statements taken out, each family of keys, and each resource where there are several.
fn permissions(source: &Source, id: &str, function: &Yaml) -> Vec<Mutation> {
    let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
    let mut mutations = Vec::new();
    let policies = function["Properties"]["Policies"].as_sequence().into_iter().flatten().enumerate();
    for (number, statement) in policies.flat_map(|(policy, document)| {
        let statements = document["Statement"].as_sequence().unwrap().iter().enumerate();
        statements.map(move |(index, statement)| (format!("{policy}/Statement/{index}"), statement))
    }) {
        let path = format!("Resources/{id}/Properties/Policies/{number}");
        let may_not = |action: &str| format!("{binary} may not {action} on ");
        match &statement["Action"] {
            Yaml::String(action) => mutations.push(source.without(&path, &[&may_not(action)])),
            Yaml::Sequence(actions) => mutations.extend(actions.iter().enumerate().map(|(index, action)| {
                source.without(&format!("{path}/Action/{index}"), &[&may_not(action.as_str().unwrap())])
            })),
            other => panic!("{path} allows {other:?}"),
        }
        let keys = "Condition/ForAllValues:StringLike/dynamodb:LeadingKeys";
        let patterns = keys.split('/').fold(statement, |at, step| &at[step]);
        for (index, pattern) in patterns.as_sequence().into_iter().flatten().enumerate() {
            // Only where the stream lost a note does the sweeper touch it: `audit` plays that.
            if binary == "sweep" && format!("{pattern:?}").contains("audit-outbox") {
                continue;
            }
            mutations
                .push(source.without(&format!("{path}/{keys}/{index}"), &[&format!("{binary} may not ")]));
        }
        if let (Yaml::String(action), Yaml::Sequence(resources)) =
            (&statement["Action"], &statement["Resource"])
        {
            // Of the sender's address and domain only the one that is verified is asked about.
            for index in 0..if action == "ses:SendEmail" { 0 } else { resources.len() } {
                mutations.push(source.without(&format!("{path}/Resource/{index}"), &[&may_not(action)]));
            }
        }
    }
    mutations
}

/// The logical id in `!GetAtt Id.Attribute` or `!Ref Id`.
fn resource_of(reference: &Yaml) -> String {
    let Yaml::Tagged(tagged) = reference else { panic!("{reference:?} is no reference") };
    tagged.value.as_str().unwrap().split('.').next().unwrap().to_owned()
}
