//! Lists, page by page, with cursors that can't be made up, altered or carried elsewhere.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, Ref, RefOr,
        schema::{Array, Schema, SchemaType, Type},
    },
};

use super::{Call, Code, Problem};
use crate::{runtime::App, store::Page};

/// How many items a page has: 1 to 100, and 20 where the caller does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(usize);

impl Limit {
    /// As a number.
    pub fn get(self) -> usize {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<String> for Limit {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.parse().ok().filter(|number| (1..=100).contains(number));
        number.map(Self).ok_or("must be a whole number from 1 to 100")
    }
}

/// A page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct List<T> {
    /// The items.
    pub data: Vec<T>,
    /// Whether there are more.
    pub has_more: bool,
    /// Give this as `cursor` to get them.
    pub next_cursor: Option<String>,
}

// By hand, because a derived schema of a generic type has the same name for every `T`.
impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Give this as `cursor` to get the next page; null at the end."));
        ObjectBuilder::new()
            .property("data", Array::new(Ref::from_schema_name(T::name())))
            .required("data")
            .property("has_more", bool::schema())
            .required("has_more")
            .property("next_cursor", text)
            .required("next_cursor")
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        format!("{}List", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

type Position = Vec<(String, String)>;

impl<B, Q> Call<B, Q> {
    /// Where the page that `cursor` asks for begins.
    ///
    /// # Errors
    /// 400 where the cursor was not made by [`Call::list`] for this tenant, route and `filters`.
    pub async fn position(
        &self,
        app: &App,
        cursor: Option<&str>,
        filters: &str,
    ) -> Result<Option<Position>, Problem> {
        let Some(cursor) = cursor else {
            return Ok(None);
        };
        let invalid = || {
            let detail = "This cursor was not made for this list. Begin again without one.";
            Problem::new(Code::InvalidCursor, detail).at("cursor")
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let (tag, position) = bytes.split_at_checked(32).ok_or_else(invalid)?;
        let signed = self.signed(position, filters)?;
        hmac::verify(&self.cursor_key(app).await?, &signed, tag).map_err(|_| invalid())?;
        serde_json::from_slice(position).map(Some).map_err(|_| invalid())
    }

    /// A page as it is answered, with the cursor of the next one.
    ///
    /// # Errors
    /// [`Problem`] where the key that signs cursors can't be had.
    pub async fn list<T>(&self, app: &App, page: Page<T>, filters: &str) -> Result<List<T>, Problem> {
        let next_cursor = match page.next {
            None => None,
            Some(position) => {
                let position = serde_json::to_vec(&position).map_err(Problem::internal)?;
                let tag = hmac::sign(&self.cursor_key(app).await?, &self.signed(&position, filters)?);
                Some(URL_SAFE_NO_PAD.encode([tag.as_ref(), &position].concat()))
            }
        };
        Ok(List { data: page.items, has_more: next_cursor.is_some(), next_cursor })
    }

    fn signed(&self, position: &[u8], filters: &str) -> Result<Vec<u8>, Problem> {
        let bound_to = format!("{}\n{}\n{filters}\n", self.tenant()?, self.route);
        Ok([bound_to.as_bytes(), position].concat())
    }

    async fn cursor_key(&self, app: &App) -> Result<hmac::Key, Problem> {
        app.derived_key("cursor").await.map_err(Problem::internal)
    }
}
