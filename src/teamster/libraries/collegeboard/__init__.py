"""The College Board: score reports of the SAT and of the PSAT's three editions."""
