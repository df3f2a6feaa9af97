-- titre: Stock par classe du territoire
-- title: Stock by class of the territory's own
-- définition: terrain couvert, par classe de la nomenclature du territoire ([run] classes), et ce qui en est
--   artificialisé et imperméable ; une classe vide est du terrain qu'aucune ne prend.
-- definition: covered ground by class of the territory's own nomenclature ([run] classes), and how much of it
--   is artificialised and impermeable; an empty class is ground that none takes.
-- source: la nomenclature du territoire ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: classes
-- unit: m²
-- columns: series, commune, departement, year, class, class_label, area_m2, artificial_m2, impermeable_m2
SELECT
  s.series, s.commune, s.departement, s.year,
  COALESCE(c.class, '') AS class,
  COALESCE(c.class_label, '') AS class_label,
  SUM(s.area_half_cm2) AS area_half_cm2,
  SUM(CASE WHEN s.final = true THEN s.area_half_cm2 ELSE 0 END) AS artificial_half_cm2,
  SUM(CASE WHEN s.impermeable = true THEN s.area_half_cm2 ELSE 0 END) AS impermeable_half_cm2
FROM stock AS s
LEFT JOIN classes AS c ON c.cs = s.cs AND c.us = s.us
WHERE s.cs IS NOT NULL
GROUP BY s.series, s.commune, s.departement, s.year, c.class, c.class_label
ORDER BY s.series, s.departement, s.commune, s.year, class
