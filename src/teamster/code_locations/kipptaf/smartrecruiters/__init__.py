"""SmartRecruiters: the network's assets."""
