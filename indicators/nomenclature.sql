-- title: The nomenclature: labels and colours of the codes of the other tables
-- definition: every code of cover (CS) and use (US), with its labels and the official colour of its
--   maps, and the texts that stand for an unknown code.
-- source: CNIG OCS GE nomenclature (reference/nomenclature)
-- unit: none
-- columns: axis, code, label_fr, label_en, colour
SELECT axis, code, label_fr, label_en, colour
FROM nomenclature
ORDER BY axis, place
