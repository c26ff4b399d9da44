//! What mutations have in common: the thing that an id of the input means, the caller's key, the step on a case, and the payload that says
//! what came of it.

use async_graphql::{Context, ID};
use serde::Serialize;
use uuid::Uuid;
use wangqian_schema::{
    Platform,
    model::idempotency,
    step::{Actor, IdempotencyKey, StepError},
};

use crate::{
    context::ContextExt,
    error::{UserError, internal, step_errors},
    id::NodeType,
};

/// What a mutation answers: the thing as a step has left it, or why the step was refused.
pub(crate) trait Payload: Sized {
    /// What the step gives.
    type Done;

    /// It was done.
    fn done(done: Self::Done) -> Self;

    /// Refused for all of these.
    fn refused(user_errors: Vec<UserError>) -> Self;

    /// What a step came to; `id_field` is the field of the input that names the thing.
    ///
    /// # Errors
    /// A top-level error where the failure is not the person's.
    fn of(taken: Result<Self::Done, StepError>, id_field: &str) -> async_graphql::Result<Self> {
        Ok(match taken {
            Ok(done) => Self::done(done),
            Err(error) => Self::refused(step_errors(error, id_field)?),
        })
    }

    /// What a step came to whose wrong fields are those of the form that stands at `form` in the input, but for its files and its reason.
    ///
    /// # Errors
    /// A top-level error where the failure is not the person's.
    fn of_form(
        taken: Result<Self::Done, StepError>,
        id_field: &str,
        form: &str,
    ) -> async_graphql::Result<Self> {
        match taken {
            Err(StepError::Invalid(errors)) => {
                let beside = |field: &str| field.starts_with("files") || field == "reason";
                let (others, fields): (Vec<_>, Vec<_>) =
                    errors.into_iter().partition(|error| beside(error.field));
                let mut wrong = UserError::of_fields(form, fields);
                wrong.extend(UserError::of_fields("", others));
                Ok(Self::refused(wrong))
            }
            taken => Self::of(taken, id_field),
        }
    }
}

/// Declares the [`Payload`] of a step on one thing: the thing as it is now, and the reasons of a refusal. `of` is what the step gives, `by`
/// makes the object of it.
macro_rules! payload {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(#[$of_thing:meta])*
            $thing:ident: $object:ident,
        }
        of $done:ty, by $wrap:expr
    ) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[$of_thing])*
            $thing: Option<$object>,
            /// 业务错误 Why it was refused; empty when it was done.
            user_errors: Vec<$crate::error::UserError>,
        }

        impl $crate::graphql::mutation::Payload for $name {
            type Done = $done;

            fn done(done: $done) -> Self {
                Self {
                    $thing: Some($wrap(done)),
                    user_errors: Vec::new(),
                }
            }

            fn refused(user_errors: Vec<$crate::error::UserError>) -> Self {
                Self {
                    $thing: None,
                    user_errors,
                }
            }
        }
    };
}
pub(crate) use payload;

/// A step that an input asks for on a case of one kind.
pub(crate) trait CaseStep: Sized {
    /// What the mutation answers.
    type Payload: Payload;

    /// The kind of case.
    const CASE: NodeType;

    /// The field of the input that names the case.
    const ID_FIELD: &'static str;

    /// Where in the input the form stands whose fields the step checks; `None` where it has none.
    fn form(&self) -> Option<&'static str> {
        None
    }

    /// Takes it on the case with this id.
    fn take(
        self,
        platform: &Platform,
        actor: Actor,
        id: Uuid,
        expected_version: Option<i32>,
    ) -> impl Future<Output = Result<<Self::Payload as Payload>::Done, StepError>> + Send;
}

/// Declares a [`CaseStep`]: what is answered, the kind of case, the field that names it, what takes the step, and where its form stands.
macro_rules! case_step {
    ($step:ident => $payload:ident, $case:ident, $id_field:literal, $take:path $(, $form:expr)?) => {
        impl $crate::graphql::mutation::CaseStep for $step {
            type Payload = $payload;
            const CASE: $crate::id::NodeType = $crate::id::NodeType::$case;
            const ID_FIELD: &'static str = $id_field;

            $(fn form(&self) -> Option<&'static str> {
                let form: fn(&$step) -> Option<&'static str> = $form;
                form(self)
            })?

            async fn take(
                self,
                platform: &wangqian_schema::Platform,
                actor: wangqian_schema::step::Actor,
                id: uuid::Uuid,
                expected_version: Option<i32>,
            ) -> Result<
                <$payload as $crate::graphql::mutation::Payload>::Done,
                wangqian_schema::step::StepError,
            > {
                $take(platform, actor, id, self, expected_version).await
            }
        }
    };
}
pub(crate) use case_step;

/// The viewer takes a step on the case that an id means.
///
/// # Errors
/// A top-level error where he is not signed in, or the failure is not his.
pub(crate) async fn take<S: CaseStep>(
    ctx: &Context<'_>,
    id: &ID,
    step: S,
    expected_version: Option<i32>,
) -> async_graphql::Result<S::Payload> {
    let (platform, actor) = (&ctx.app().platform, Actor::Viewer(ctx.viewer()?));
    let form = step.form();
    let taken = on(S::CASE, id, async |id| {
        step.take(platform, actor, id, expected_version).await
    })
    .await;
    match form {
        Some(form) => S::Payload::of_form(taken, S::ID_FIELD, form),
        None => S::Payload::of(taken, S::ID_FIELD),
    }
}

/// What a step comes to on the thing that an id means. An id of another type reads as one of a thing that is not there.
///
/// # Errors
/// The step's.
pub(crate) async fn on<T>(
    kind: NodeType,
    id: &ID,
    step: impl AsyncFnOnce(Uuid) -> Result<T, StepError>,
) -> Result<T, StepError> {
    match kind.uuid(id) {
        Some(id) => step(id).await,
        None => Err(StepError::NotFound),
    }
}

/// The caller's key of a request, or what is wrong with it: 1 to 60 characters, no NUL, which the database does not take, and no `/`, by
/// which one key stands for several things. `request` is what a repetition has to have in common with the first one.
///
/// # Errors
/// When the request cannot be hashed.
pub(crate) fn idempotency_key(
    key: &str,
    request: &impl Serialize,
) -> async_graphql::Result<Result<IdempotencyKey, UserError>> {
    if !(1..=60).contains(&key.chars().count()) || key.contains(['\0', '/']) {
        return Ok(Err(UserError::invalid(
            "idempotencyKey",
            "应为 1 至 60 个字符，且不含 /",
        )));
    }
    Ok(Ok(IdempotencyKey {
        key: key.to_owned(),
        request_hash: idempotency::request_hash(request).map_err(internal)?,
    }))
}
