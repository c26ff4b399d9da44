//! The tests of the rules, the steps and the queries, in one binary: each links the whole stack.

mod atomicity;
mod audit;
mod deadlines;
mod engagement_model;
mod engagement_property;
mod feed;
mod lists;
mod migrations;
mod races;
mod rules;
mod steps;
mod support;
mod visibility;
