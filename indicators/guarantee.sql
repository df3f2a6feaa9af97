-- titre: Garantie communale de consommation d'ENAF
-- title: The communal guarantee of ENAF consumption
-- définition: ce que la réduction laisse à la commune sur la décennie de l'objectif, et ce que
--   la garantie y ajoute quand c'est moins d'un hectare. La garantie vaut pour les communes
--   couvertes par un document d'urbanisme prescrit, arrêté ou approuvé avant le 22 août 2026 :
--   la table des objectifs dit celles qui n'en ont pas. Elle peut être mutualisée entre
--   communes d'un même EPCI.
-- definition: what the reduction leaves the commune over the decade of the objective, and what
--   the guarantee adds where that is less than one hectare. It holds for communes that a
--   planning document covers; the table of objectives says which have none. Communes of an EPCI
--   may pool it.
-- source: loi n° 2021-1104 du 22 août 2021, article 194, III, 3° bis (loi n° 2023-630 du 20
--   juillet 2023)
-- subject: ENAF
-- unit: m²
-- columns: commune, name, reference_m2, allowance_m2, guarantee_m2
WITH reference AS (
  SELECT
    e.commune, e.name,
    SUM(CASE WHEN e.year >= p.reference_first AND e.year <= p.reference_last
             THEN e.area_half_cm2 ELSE 0 END) AS reference
  FROM enaf AS e
  CROSS JOIN parameters AS p
  GROUP BY e.commune, e.name
),
allowed AS (
  SELECT
    r.commune, r.name, r.reference, o.has_guarantee,
    COALESCE(
      o.allowance,
      CAST(ROUND(r.reference * (1 - COALESCE(o.reduction, p.national_reduction))) AS BIGINT)
    ) AS allowance,
    CAST(p.communal_guarantee * 20000 AS BIGINT) AS least
  FROM reference AS r
  CROSS JOIN parameters AS p
  CROSS JOIN enaf_table AS t
  JOIN objectives AS o ON o.territory = r.commune
  WHERE o.level = 'commune'
    AND t.year_first <= p.reference_first AND t.year_last >= p.reference_last
)
SELECT
  commune, name,
  reference AS reference_half_cm2,
  allowance AS allowance_half_cm2,
  CASE WHEN has_guarantee AND allowance < least THEN least - allowance ELSE 0 END
    AS guarantee_half_cm2
FROM allowed
ORDER BY commune
