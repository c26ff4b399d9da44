//! What an operation costs: said in `extensions.cost` of every answer, and refused above the limits before it runs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_graphql::{
    ErrorExtensionValues, Response, ServerError, ValidationResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextValidation},
    value,
};

/// The limits of one operation.
#[derive(Clone, Copy, Debug)]
pub struct CostLimits {
    /// Deepest nesting, in levels.
    pub depth: usize,
    /// Highest cost: a field costs 1, a connection its page size times what a row costs.
    pub cost: usize,
}

impl ExtensionFactory for CostLimits {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(CostExtension {
            limits: *self,
            cost: AtomicUsize::new(0),
        })
    }
}

/// One for each operation.
struct CostExtension {
    limits: CostLimits,
    /// The cost of the operation once it is known; 0 before.
    cost: AtomicUsize,
}

#[async_trait::async_trait]
impl Extension for CostExtension {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        match self.cost.load(Ordering::Relaxed) {
            0 => response,
            cost => response.extension("cost", value!({ "requested": cost, "maximum": self.limits.cost })),
        }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let found = next.run(ctx).await?;
        self.cost.store(found.complexity, Ordering::Relaxed);
        if found.depth > self.limits.depth {
            return Err(vec![beyond(
                "QUERY_TOO_DEEP",
                "nests too deep",
                found.depth,
                self.limits.depth,
            )]);
        }
        if found.complexity > self.limits.cost {
            return Err(vec![beyond(
                "QUERY_TOO_COSTLY",
                "costs too much",
                found.complexity,
                self.limits.cost,
            )]);
        }
        Ok(found)
    }
}

fn beyond(code: &'static str, what: &str, requested: usize, maximum: usize) -> ServerError {
    let message = format!("The operation {what}: {requested}, and {maximum} is allowed.");
    let mut error = ServerError::new(message, None);
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    extensions.set("code", code);
    extensions.set("requested", requested);
    extensions.set("maximum", maximum);
    error
}
