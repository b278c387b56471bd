{{ teamster.union_regions("oneroster") }}
