# Paragraphs .a and .b of ECCN 3A090 as of October 2023, written for speed: each entry point is
# one rule that calls no other, except where it says so.
#
# Input: {"tpp": 2000, "performance_density": 4.125}, or {"chips": [...]} of the same.
package export_control

# The paragraph, by the first limb that holds. What is in .a is not in .b.
paragraph := "3A090.a" if {
	input.tpp >= 4800
} else := "3A090.a" if {
	input.tpp >= 1600
	input.performance_density >= 5.92
} else := "3A090.b" if {
	input.tpp >= 2400
	input.performance_density >= 1.6
	input.performance_density < 5.92
} else := "3A090.b" if {
	input.tpp >= 1600
	input.performance_density >= 3.2
	input.performance_density < 5.92
} else := "none"

# The same with its limb and citation.
first_limb := {"paragraph": "3A090.a", "limb": "a.1", "citation": "15 CFR part 774, supp. 1, 3A090.a"} if {
	input.tpp >= 4800
} else := {"paragraph": "3A090.a", "limb": "a.2", "citation": "15 CFR part 774, supp. 1, 3A090.a"} if {
	input.tpp >= 1600
	input.performance_density >= 5.92
} else := {"paragraph": "3A090.b", "limb": "b.1", "citation": "15 CFR part 774, supp. 1, 3A090.b"} if {
	input.tpp >= 2400
	input.performance_density >= 1.6
	input.performance_density < 5.92
} else := {"paragraph": "3A090.b", "limb": "b.2", "citation": "15 CFR part 774, supp. 1, 3A090.b"} if {
	input.tpp >= 1600
	input.performance_density >= 3.2
	input.performance_density < 5.92
} else := {"paragraph": "none"}

# Every limb that holds. Here each limb of .b must keep out what is in .a by itself.
limbs contains "3A090.a, limb a.1" if input.tpp >= 4800

limbs contains "3A090.a, limb a.2" if {
	input.tpp >= 1600
	input.performance_density >= 5.92
}

limbs contains "3A090.b, limb b.1" if {
	input.tpp >= 2400
	input.tpp < 4800
	input.performance_density >= 1.6
	input.performance_density < 5.92
}

limbs contains "3A090.b, limb b.2" if {
	input.tpp >= 1600
	input.tpp < 4800
	input.performance_density >= 3.2
	input.performance_density < 5.92
}

# The first limb, and every comparison with its value, threshold and margin. Calls `first_limb`.
reasons := {
	"ground": first_limb,
	"comparisons": [
		{"value": input.tpp, "threshold": 1600, "margin": input.tpp - 1600},
		{"value": input.tpp, "threshold": 2400, "margin": input.tpp - 2400},
		{"value": input.tpp, "threshold": 4800, "margin": input.tpp - 4800},
		{"value": input.performance_density, "threshold": 1.6, "margin": input.performance_density - 1.6},
		{"value": input.performance_density, "threshold": 3.2, "margin": input.performance_density - 3.2},
		{"value": input.performance_density, "threshold": 5.92, "margin": input.performance_density - 5.92},
	],
}

# Many chips in one document. Calls a function for each.
paragraphs := [paragraph_of(chip) | some chip in input.chips]

paragraph_of(chip) := "3A090.a" if {
	chip.tpp >= 4800
} else := "3A090.a" if {
	chip.tpp >= 1600
	chip.performance_density >= 5.92
} else := "3A090.b" if {
	chip.tpp >= 2400
	chip.performance_density >= 1.6
	chip.performance_density < 5.92
} else := "3A090.b" if {
	chip.tpp >= 1600
	chip.performance_density >= 3.2
	chip.performance_density < 5.92
} else := "none"
