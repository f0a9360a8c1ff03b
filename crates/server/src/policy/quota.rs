//! How much of something the instances of each plan may have.

/// Allowances by plan.
#[derive(Debug, Clone, Default)]
pub struct Quotas {
    /// For instances on these plans.
    pub plans: Vec<(String, u64)>,
    /// For all others, those without a plan among them; `None` is no limit.
    pub others: Option<u64>,
}

impl Quotas {
    /// The allowance of a plan; `None` is no limit.
    pub fn for_plan(&self, plan: Option<&str>) -> Option<u64> {
        let named = self.plans.iter().find(|(name, _)| Some(&**name) == plan);
        named.map(|(_, allowance)| *allowance).or(self.others)
    }
}
