//! What the fields of destination forms are made of. A form is filled in and read back alike, so that each is one type for input and
//! output: a code goes in as itself and comes out as its entry.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, ServerResult,
    Value, parser::types::Field, registry::Registry,
};
use chrono::NaiveDate;
use wangqian_schema::codes::CodeList;

use super::super::{code::Code, date::Date};

/// A field, as a form of the schema holds it.
pub(super) trait Held<M> {
    /// As it is read.
    fn of(model: M) -> Self;
    /// As it is kept.
    fn model(self) -> M;
}

macro_rules! as_it_is {
    ($($plain:ty),+) => {$(
        impl Held<Option<$plain>> for Option<$plain> {
            fn of(model: Option<$plain>) -> Self {
                model
            }

            fn model(self) -> Option<$plain> {
                self
            }
        }
    )+};
}
as_it_is!(String, i32, bool);

/// What is ticked or not.
impl Held<bool> for Option<bool> {
    fn of(model: bool) -> Self {
        Some(model)
    }

    fn model(self) -> bool {
        self.unwrap_or_default()
    }
}

impl Held<Option<NaiveDate>> for Option<Date> {
    fn of(model: Option<NaiveDate>) -> Self {
        model.map(Date)
    }

    fn model(self) -> Option<NaiveDate> {
        self.map(|date| date.0)
    }
}

/// Declares a field that holds a code of a list.
macro_rules! coded {
    ($($name:ident: $list:ident),+ $(,)?) => {$(
        /// A code of its list.
        #[derive(Clone, Debug)]
        pub struct $name(String);

        impl Held<Option<String>> for Option<$name> {
            fn of(model: Option<String>) -> Self {
                model.filter(|code| !code.is_empty()).map($name)
            }

            fn model(self) -> Option<String> {
                self.map(|code| code.0)
            }
        }

        impl InputType for $name {
            type RawValueType = String;

            fn type_name() -> Cow<'static, str> {
                <String as InputType>::type_name()
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <String as InputType>::create_type_info(registry)
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                <String as InputType>::parse(value).map(Self).map_err(InputValueError::propagate)
            }

            fn to_value(&self) -> Value {
                InputType::to_value(&self.0)
            }

            fn as_raw_value(&self) -> Option<&String> {
                Some(&self.0)
            }
        }

        impl OutputType for $name {
            fn type_name() -> Cow<'static, str> {
                <Code as OutputType>::type_name()
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <Code as OutputType>::create_type_info(registry)
            }

            async fn resolve(
                &self,
                ctx: &ContextSelectionSet<'_>,
                field: &Positioned<Field>,
            ) -> ServerResult<Value> {
                let code = Code::of(CodeList::$list, &self.0);
                OutputType::resolve(&code, ctx, field).await
            }
        }
    )+};
}
coded! {
    NationalCode: DestinationCode,
    Nature: EmployerNature,
    IndustryCode: Industry,
    RegionCode: Region,
    PositionCategoryCode: PositionCategory,
    CountryCode: Country,
}

/// Declares a form, for input and output, with what it is in the schema.
macro_rules! form {
    (
        $(#[$meta:meta])*
        $name:ident($output:tt, $input:tt): $model:ty { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)+ }
    ) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject, async_graphql::InputObject, Clone, Debug)]
        #[graphql(name = $output, input_name = $input)]
        pub struct $name { $($(#[$field_meta])* $field: $ty,)+ }

        impl From<$model> for $name {
            fn from(model: $model) -> Self {
                Self { $($field: $crate::graphql::destination::field::Held::of(model.$field),)+ }
            }
        }

        impl From<$name> for $model {
            fn from(form: $name) -> Self {
                Self { $($field: $crate::graphql::destination::field::Held::model(form.$field),)+ }
            }
        }
    };
}
pub(super) use form;

/// Says of an enum of the API that a field holds it.
macro_rules! chosen {
    ($($name:ident: $model:ty),+ $(,)?) => {$(
        impl $crate::graphql::destination::field::Held<Option<$model>> for Option<$name> {
            fn of(model: Option<$model>) -> Self {
                model.map(Into::into)
            }

            fn model(self) -> Option<$model> {
                self.map(Into::into)
            }
        }
    )+};
}
pub(super) use chosen;
