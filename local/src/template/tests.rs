use super::*;

const SMALL: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Rate: { Type: Number, Default: 12.5 }
Conditions:
  Prod: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Timeout: 10
    Environment: { Variables: { TABLE: !Ref Things, STAGE: !Ref Stage } }
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefaultRouteSettings: { ThrottlingBurstLimit: 5, ThrottlingRateLimit: !Ref Rate }
      Auth:
        DefaultAuthorizer: Keys
        Authorizers:
          Keys:
            AuthorizerPayloadFormatVersion: 2.0
            EnableSimpleResponses: true
            EnableFunctionDefaultPermissions: true
            FunctionArn: !GetAtt Worker.Arn
  Worker:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: worker } }
    Properties:
      Timeout: !If [Prod, 60, !Ref AWS::NoValue]
      Environment: { Variables: { QUEUE: !Ref Jobs } }
      Policies:
        - Statement:
            - { Effect: Allow, Action: 'dynamodb:GetItem', Resource: !Sub '${Things.Arn}/index/*' }
      Events:
        Open: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: get, Path: '/things/{id}', Auth: { Authorizer: NONE } } }
        Shut: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: POST, Path: /things } }
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 4, FunctionResponseTypes: [ReportBatchItemFailures] } }
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Things.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: -1
            FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] }
            DestinationConfig: { OnFailure: { Type: S3, Destination: !GetAtt Failed.Arn } }
        Tick: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 minute) } }
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${AWS::StackName}-things'
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      TimeToLiveSpecification: { AttributeName: expires, Enabled: true }
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
  Dead: { Type: AWS::SQS::Queue, Properties: { MessageRetentionPeriod: 1209600 } }
  Failed: { Type: AWS::S3::Bucket }
  Log: { Type: AWS::Logs::LogGroup }
  OnlyProd: { Type: AWS::SNS::Topic, Condition: Prod }
Outputs:
  Table: { Value: !Ref Things }
"#;

fn with(stage: &str) -> Stack {
    let parameters = [("Stage".to_owned(), stage.to_owned())].into();
    load(SMALL, &TemplateOptions { parameters, ..TemplateOptions::default() }).unwrap()
}

fn refusal(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    load(&SMALL.replacen(from, to, 1), &TemplateOptions::default()).unwrap_err().to_string()
}

#[test]
fn a_template_becomes_what_it_declares() {
    let stack = with("dev");
    let worker = &stack.functions["Worker"];
    assert_eq!(worker.arn, "arn:aws:lambda:eu-central-1:000000000000:function:souk-Worker");
    // As at AWS: SAM merges the globals first, so a NoValue of the function leaves Lambda's own default.
    assert_eq!((worker.timeout, worker.memory, worker.binary.as_str()), (3, 128, "worker"));
    assert_eq!(
        worker.environment,
        [
            ("QUEUE", "https://sqs.eu-central-1.amazonaws.com/000000000000/souk-Jobs"),
            ("STAGE", "dev"),
            ("TABLE", "souk-things")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    );
    assert_eq!(
        worker.statements[0]["Resource"],
        "arn:aws:dynamodb:eu-central-1:000000000000:table/souk-things/index/*"
    );
    let jobs = &worker.queues[0];
    assert!(jobs.partial && jobs.batch_size == 4 && stack.queue_by_arn(&jobs.queue).is_some());
    let changes = &worker.streams[0];
    assert_eq!((changes.retries, changes.batch_size, changes.from_oldest), (None, 100, true));
    assert_eq!(changes.on_failure, Some(Destination::Bucket("arn:aws:s3:::souk-failed".to_owned())));
    assert_eq!(stack.table_by_stream(&changes.stream).unwrap().ttl.as_deref(), Some("expires"));
    assert_eq!(worker.schedules[0].when, When::Every(60));
    let queue = &stack.queues["Jobs"];
    assert_eq!(queue.dead_letters.as_deref(), Some(stack.queues["Dead"].arn.as_str()));
    assert_eq!(queue.attributes["VisibilityTimeout"], "60");
    assert_eq!(stack.outputs["Table"], "souk-things");
    let api = stack.api.unwrap();
    assert_eq!(api.throttle, Throttle { burst: Some(5), rate_milli: Some(12_500) });
    let routes: Vec<_> =
        api.routes.iter().map(|route| (route.key.as_str(), route.authorizer.as_deref())).collect();
    assert_eq!(routes, [("GET /things/{id}", None), ("POST /things", Some("Keys"))]);
    assert!(api.authorizers["Keys"].invocable);
}

#[test]
fn conditions_choose_resources_and_values() {
    assert!(with("dev").topics.is_empty());
    let prod = with("prod");
    assert_eq!(prod.functions["Worker"].timeout, 60);
    assert_eq!(prod.topics.len(), 1);
}

#[test]
fn what_local_cannot_run_is_refused_by_name_and_place() {
    let cases = [
        (
            "Type: AWS::Logs::LogGroup",
            "Type: AWS::Kinesis::Stream",
            "Resources.Log.Type: resource Log has type AWS::Kinesis::Stream, which local can't run",
        ),
        (
            "VisibilityTimeout: 60",
            "VisibilityTimeuot: 60",
            "Resources.Jobs.Properties.VisibilityTimeuot: local doesn't know the property `VisibilityTimeuot`",
        ),
        ("!GetAtt Jobs.Arn, BatchSize", "!GetAtt Job.Arn, BatchSize", "the template has no resource Job"),
        ("BatchSize: 4", "BatchSize: 40", "MaximumBatchingWindowInSeconds must be at least 1"),
        ("Type: ScheduleV2", "Type: S3", "event Tick has type S3, which local can't run"),
        (
            "rate(1 minute)",
            "rate(x)",
            "Resources.Worker.Properties.Events.Tick.Properties.ScheduleExpression",
        ),
        ("Authorizer: NONE", "Authorizer: Nobody", "no authorizer is called Nobody"),
        ("Default: dev", "Default: test", "Parameters.Stage: \"test\" isn't one of its AllowedValues"),
        ("TABLE: !Ref Things", "TABLE: !Ref Thing", "Thing is neither a parameter nor a resource"),
        (
            "Method: POST, Path: /things }",
            "Method: GET, Path: '/things/{id}' }",
            "has the route GET /things/{id} already",
        ),
        ("!Sub '${AWS::StackName}-things'", "!Ref Things", "leads in a circle"),
    ];
    for (from, to, expected) in cases {
        let said = refusal(from, to);
        assert!(said.contains(expected), "{said}\ndoesn't say\n{expected}");
    }
}

#[test]
fn a_parameter_without_a_value_is_named() {
    assert!(refusal("Default: dev, ", "").starts_with("Parameters.Stage: has no default"));
    let parameters = [("Stagee".to_owned(), "dev".to_owned())].into();
    let error = load(SMALL, &TemplateOptions { parameters, ..TemplateOptions::default() }).unwrap_err();
    assert_eq!(error.to_string(), "Parameters: the template has no parameter Stagee");
}

#[test]
fn rules_hold_parameters_together() {
    let rule = "Rules:\n  Rated:\n    RuleCondition: !Equals [!Ref Stage, prod]\n    Assertions:\n      \
                - { Assert: !Not [!Equals [!Ref Rate, 0]], AssertDescription: production needs a rate }\nConditions:";
    let template = SMALL.replacen("Conditions:", rule, 1);
    let open = |stage: &str, rate: &str| {
        let parameters =
            [("Stage", stage), ("Rate", rate)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        load(&template, &TemplateOptions { parameters: parameters.into(), ..TemplateOptions::default() })
    };
    assert!(open("dev", "0").is_ok() && open("prod", "1").is_ok());
    assert_eq!(open("prod", "0").unwrap_err().to_string(), "Rules.Rated: production needs a rate");
}

#[test]
fn souks_own_template_can_be_run() {
    let text = include_str!("../../../template.yaml");
    let stack = load(text, &TemplateOptions::default()).unwrap();
    assert!(stack.functions.len() >= 30 && stack.tables.len() == 4 && stack.queues.len() >= 6);
    let chosen =
        [("DomainName", "api.example.com"), ("CertificateArn", "arn:x"), ("AlarmEmail", "ops@example.com")];
    let parameters = chosen.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let stack = load(text, &TemplateOptions { parameters, ..TemplateOptions::default() }).unwrap();
    assert_eq!(stack.outputs["ApiUrl"], "https://api.example.com");
}
