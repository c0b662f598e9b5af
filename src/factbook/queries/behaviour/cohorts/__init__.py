"""Cohorts: people who began together, how many of them came back, and what they brought."""
