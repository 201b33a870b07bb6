//! Pages of a partition, by cursor.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::{Index, Item, StoreError, Table};
use crate::runtime::App;

/// Rounds after which a page that a filter keeps empty is answered short, with a cursor to go on from.
const MOST_ROUNDS: usize = 10;

/// A question for a partition of a table, or of one of the state table's indexes.
#[derive(Clone, Debug)]
pub struct Query {
    table: Table,
    index: Option<Index>,
    pk: String,
    at_most: Option<String>,
    at_least: Option<String>,
    /// Attributes that must have these texts.
    only: Vec<(String, String)>,
    /// Attributes whose lists must hold these texts.
    holding: Vec<(String, String)>,
    /// An attribute that must have a text from the first on and before the second.
    within: Option<(&'static str, Option<String>, Option<String>)>,
    newest_first: bool,
    strongly: bool,
    /// How many items a round looks at, where filters pass over some.
    look_at: usize,
}

/// Some items, and where the next ones begin.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// The key after which the next page begins; absent at the end.
    pub next: Option<Vec<(String, String)>>,
}

impl Query {
    /// All of a partition of the state table.
    pub fn partition(pk: impl Into<String>) -> Self {
        Self::table(Table::State, pk)
    }

    /// All of a partition of `table`.
    pub fn table(table: Table, pk: impl Into<String>) -> Self {
        Self {
            table,
            index: None,
            pk: pk.into(),
            at_most: None,
            at_least: None,
            only: Vec::new(),
            holding: Vec::new(),
            within: None,
            newest_first: false,
            strongly: false,
            look_at: 0,
        }
    }

    /// All of a partition of an index.
    pub fn index(index: Index, pk: impl Into<String>) -> Self {
        Self { index: Some(index), ..Self::partition(pk) }
    }

    /// Only sort keys from here on.
    #[must_use]
    pub fn at_least(mut self, sk: impl Into<String>) -> Self {
        self.at_least = Some(sk.into());
        self
    }

    /// Only sort keys up to here.
    #[must_use]
    pub fn at_most(mut self, sk: impl Into<String>) -> Self {
        self.at_most = Some(sk.into());
        self
    }

    /// Highest sort key first.
    #[must_use]
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// Only items whose attribute has this text.
    #[must_use]
    pub fn only(mut self, attribute: &str, value: &str) -> Self {
        self.only.push((attribute.to_owned(), value.to_owned()));
        self
    }

    /// Only items whose attribute is a list that holds this text.
    #[must_use]
    pub fn holding(mut self, attribute: &str, value: &str) -> Self {
        self.holding.push((attribute.to_owned(), value.to_owned()));
        self
    }

    /// Only items whose attribute has a text from `least` on and before `most`.
    #[must_use]
    pub fn within(mut self, attribute: &'static str, least: Option<String>, most: Option<String>) -> Self {
        self.within = Some((attribute, least, most));
        self
    }

    /// Reads what was written a moment ago. Not on an index.
    #[must_use]
    pub fn strongly(mut self) -> Self {
        self.strongly = true;
        self
    }

    /// Looks at so many items in each of at most ten rounds, however few of them the filters let through.
    #[must_use]
    pub fn look_at(mut self, items: usize) -> Self {
        self.look_at = items;
        self
    }

    /// The next `limit` items after `from`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page<T: DeserializeOwned>(
        &self,
        app: &App,
        kind: &'static str,
        limit: usize,
        from: Option<&[(String, String)]>,
    ) -> Result<Page<T>, StoreError> {
        let mut from = from.map(to_key);
        let mut items: Vec<Item> = Vec::new();
        let mut rounds = 0;
        // One more than asked for tells whether there is more, without a page that turns out empty.
        while items.len() <= limit {
            let answer = self.ask(app, (limit + 1 - items.len()).max(self.look_at), from.take()).await?;
            items.extend(answer.0);
            from = answer.1;
            rounds += 1;
            if from.is_none() || rounds == MOST_ROUNDS {
                break;
            }
        }
        if items.len() > limit {
            items.truncate(limit);
            from = items.last().map(|item| self.position(item));
        }
        let next = from.map(|key| {
            let text = |value: AttributeValue| value.as_s().cloned().unwrap_or_default();
            let mut key: Vec<_> = key.into_iter().map(|(name, value)| (name, text(value))).collect();
            key.sort();
            key
        });
        let items = items.into_iter().map(|item| super::read::parse(kind, item)).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    async fn ask(
        &self,
        app: &App,
        limit: usize,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let (index, pk, sk) = match self.index {
            None => (None, "pk", "sk"),
            Some(index) => {
                let (name, pk, sk) = index.describe();
                (Some(name.to_owned()), pk, sk)
            }
        };
        let mut condition = "#pk = :pk".to_owned();
        let mut call = app
            .dynamodb()
            .query()
            .table_name(self.table.name(app.settings())?)
            .set_index_name(index)
            .consistent_read(self.strongly && app.reads_strongly())
            .expression_attribute_names("#pk", pk)
            .expression_attribute_values(":pk", AttributeValue::S(self.pk.clone()))
            .scan_index_forward(!self.newest_first)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(from);
        let range = match (&self.at_least, &self.at_most) {
            (Some(least), Some(most)) => Some((" AND #sk BETWEEN :least AND :most", Some(least), Some(most))),
            (Some(least), None) => Some((" AND #sk >= :least", Some(least), None)),
            (None, Some(most)) => Some((" AND #sk <= :most", None, Some(most))),
            (None, None) => None,
        };
        if let Some((clause, least, most)) = range {
            condition.push_str(clause);
            call = call.expression_attribute_names("#sk", sk);
            if let Some(least) = least {
                call = call.expression_attribute_values(":least", AttributeValue::S(least.clone()));
            }
            if let Some(most) = most {
                call = call.expression_attribute_values(":most", AttributeValue::S(most.clone()));
            }
        }
        let mut filters = Vec::new();
        for (place, (attribute, value)) in self.only.iter().enumerate() {
            filters.push(format!("#f{place} = :f{place}"));
            call = call
                .expression_attribute_names(format!("#f{place}"), attribute)
                .expression_attribute_values(format!(":f{place}"), AttributeValue::S(value.clone()));
        }
        for (place, (attribute, value)) in self.holding.iter().enumerate() {
            filters.push(format!("contains(#h{place}, :h{place})"));
            call = call
                .expression_attribute_names(format!("#h{place}"), attribute)
                .expression_attribute_values(format!(":h{place}"), AttributeValue::S(value.clone()));
        }
        if let Some((attribute, least, most)) = &self.within {
            call = call.expression_attribute_names("#within", *attribute);
            for (bound, comparison, value) in [(":from", ">=", least), (":before", "<", most)] {
                if let Some(value) = value {
                    filters.push(format!("#within {comparison} {bound}"));
                    call = call.expression_attribute_values(bound, AttributeValue::S(value.clone()));
                }
            }
        }
        if !filters.is_empty() {
            call = call.filter_expression(filters.join(" AND "));
        }
        let answer = call
            .key_condition_expression(condition)
            .send()
            .await
            .map_err(|error| StoreError::of_call(&error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// The attributes of `item` that say where it stands in the table or index.
    fn position(&self, item: &Item) -> Item {
        let mut names = vec!["pk", "sk"];
        if let Some(index) = self.index {
            let (_, pk, sk) = index.describe();
            names.extend([pk, sk]);
        }
        names.iter().filter_map(|&name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
    }
}

fn to_key(from: &[(String, String)]) -> Item {
    from.iter().map(|(name, value)| (name.clone(), AttributeValue::S(value.clone()))).collect()
}
