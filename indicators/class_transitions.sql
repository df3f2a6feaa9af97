-- titre: Passages d'une classe du territoire à une autre
-- title: From one class of the territory's own to another
-- définition: terrain dont la classe, dans la nomenclature du territoire ([run] classes), n'est pas la même
--   aux deux dates, par cause ; une classe vide est du terrain qu'aucune ne prend ou qui n'est pas couvert.
-- definition: ground whose class in the territory's own nomenclature ([run] classes) is not the same at both
--   dates, by cause; an empty class is ground that none takes, or that is not covered.
-- source: la nomenclature du territoire
-- subject: OCS GE
-- needs: classes
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, class_before, class_after, cause, area_m2
WITH classed AS (
  SELECT
    l.series, l.commune, l.departement, l.year_before, l.year_after, l.cause, l.area_half_cm2,
    COALESCE(b.class, '') AS class_before,
    COALESCE(a.class, '') AS class_after
  FROM ledger AS l
  LEFT JOIN (SELECT cs AS cs_b, us AS us_b, class FROM classes) AS b
    ON b.cs_b = l.cs_before AND b.us_b = l.us_before
  LEFT JOIN (SELECT cs AS cs_a, us AS us_a, class FROM classes) AS a
    ON a.cs_a = l.cs_after AND a.us_a = l.us_after
)
SELECT
  series, commune, departement, year_before, year_after, class_before, class_after, cause,
  SUM(area_half_cm2) AS area_half_cm2
FROM classed
WHERE class_before <> class_after
GROUP BY series, commune, departement, year_before, year_after, class_before, class_after, cause
ORDER BY series, departement, commune, year_before, year_after, class_before, class_after, cause
