-- titre: La nomenclature : libellés et couleurs des codes des autres tables
-- title: The nomenclature: labels and colours of the codes of the other tables
-- définition: chaque code de couverture (CS) et d'usage (US), avec ses libellés et sa couleur
--   officielle, et les textes qui tiennent lieu de code inconnu.
-- definition: every code of cover (CS) and use (US), with its labels and the official colour of
--   its maps, and the texts that stand for an unknown code.
-- source: CNIG OCS GE nomenclature (reference/nomenclature)
-- subject: all
-- unit: sans
-- columns: axis, code, label_fr, label_en, colour
SELECT axis, code, label_fr, label_en, colour
FROM nomenclature
ORDER BY axis, place
