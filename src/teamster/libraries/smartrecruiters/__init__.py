"""SmartRecruiters: jobs, candidates and their applications, as reports."""
